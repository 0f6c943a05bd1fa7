"""What a server still answers when ten times as many ask as it takes.

As many clients as the queue holds measure its capacity; then ten times as many ask, each trying
again at once when it is refused. Both take turns, so that a machine that is busy with other
things slows both. Every answer is compared with the one that its image got alone: an answer that
went to somebody else would be seen.

Exit code 1 if less than nine tenths of the capacity were left, or an answer was swapped. On a
machine that does other things as well, the server's processor time for an answer tells more.

    python benchmarks/overload.py [--queue 16] [--seconds 2] [--rounds 9] [--workers 1]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from convscope.runs.model_file import read_card
from serve import image_files, model_file, request, server

IMAGES = 64
LOAD = 10
ENOUGH = 0.9


@dataclass
class Count:
    """What clients were told in a while.

    Attributes:
        answered: Predictions.
        refused: 503.
        swapped: Predictions of another image.
        failed: Anything else, lost connections included.
        seconds: How long it took.
        processor: Processor time of the server in it.
        latencies: Seconds from the first try of a request to its answer.
    """

    answered: int = 0
    refused: int = 0
    swapped: int = 0
    failed: int = 0
    seconds: float = 0.0
    processor: float = 0.0
    latencies: list[float] = field(default_factory=list)

    @property
    def cost(self) -> float:
        """The server's processor time for each answer, in ms; refusals are paid by the answers."""
        return 1000 * self.processor / max(1, self.answered)

    @property
    def rate(self) -> float:
        """Answers per second."""
        return self.answered / self.seconds


async def exchange(port: int, streams: list, content: bytes) -> tuple[int, bytes]:
    """One request on a connection that is kept, and its answer."""
    if not streams:
        streams[:] = await asyncio.open_connection("127.0.0.1", port)
    reader, writer = streams
    writer.write(content)
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(re.search(rb"content-length: (\d+)", head, re.IGNORECASE)[1])
    body = await reader.readexactly(length)
    if b"connection: close" in head.lower():
        writer.close()
        streams.clear()
    return int(head[9:12]), body


def told(body: bytes) -> tuple[str, float]:
    """The class and its probability."""
    (prediction,) = json.loads(body)["predictions"]
    return prediction["label"], prediction["probability"]


def processor_time(number: int) -> float:
    """Of a process with all its threads, in seconds."""
    fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def ask(port: int, requests: list[bytes], expected: list, clients: int, seconds: float):
    """Clients that ask without a pause."""
    count = Count()
    begun = time.perf_counter()

    async def client(number: int) -> None:
        streams: list = []
        position = number % len(requests)
        asked = time.perf_counter()
        while time.perf_counter() - begun < seconds:
            try:
                status, body = await exchange(port, streams, requests[position])
            except (OSError, asyncio.IncompleteReadError):
                count.failed += 1
                streams.clear()
                continue
            if status == 503:
                count.refused += 1
                continue
            if status != 200:
                count.failed += 1
                continue
            label, probability = told(body)
            known, near = expected[position]
            count.swapped += label != known or abs(probability - near) > 1e-4
            count.answered += 1
            now = time.perf_counter()
            count.latencies.append(now - asked)
            position, asked = (position + 1) % len(requests), now
        if streams:
            streams[1].close()

    await asyncio.gather(*(client(number) for number in range(clients)))
    count.seconds = time.perf_counter() - begun
    return count


async def alone(port: int, requests: list[bytes]) -> list[tuple[str, float]]:
    """What each image is told when nobody else asks."""
    streams: list = []
    answers = [told((await exchange(port, streams, each))[1]) for each in requests]
    streams[1].close()
    return answers


def main() -> int:
    """Measure; print each round and the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="lenet:28", help="a run, or NETWORK:SIZE")
    parser.add_argument("--queue", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("options", nargs="*", help="for convscope serve, behind --")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = model_file(given.model, Path(folder))
        card = read_card(file)
        files = image_files(card)[:IMAGES]
        kind = "image/png" if card.channels == 1 else "image/jpeg"
        requests = [request(content, kind) for content in files]
        options = ("--engine", "float32", "--max-queue", str(given.queue), *given.options)
        with server(file, *options) as (port, _, process):
            expected = asyncio.run(alone(port, requests))
            shares, costs, answered, swapped = [], [], 0, 0
            for _ in range(given.rounds):
                rounds = []
                for clients in (given.queue, LOAD * given.queue):
                    before = processor_time(process.pid)
                    count = asyncio.run(ask(port, requests, expected, clients, given.seconds))
                    count.processor = processor_time(process.pid) - before
                    rounds.append(count)
                usual, full = rounds
                shares.append(full.rate / usual.rate)
                costs.append(usual.cost / full.cost)
                answered += sum(each.answered for each in rounds)
                swapped += sum(each.swapped for each in rounds)
                slowest = statistics.quantiles(full.latencies, n=100)[-1]
                print(
                    f"capacity {usual.rate:,.0f}/s, {usual.cost:.2f} ms of the processor each; "
                    f"ten times the clients {full.rate:,.0f}/s ({shares[-1]:.0%}), "
                    f"{full.cost:.2f} ms ({costs[-1]:.0%}), "
                    f"{full.refused} refused, {full.failed} failed, p99 {slowest:.2f} s",
                    flush=True,
                )
    share, cost = statistics.median(shares), statistics.median(costs)
    print(
        f"{share:.0%} of the capacity by the clock, {cost:.0%} by the server's processor time; "
        f"{swapped} of {answered:,} answers swapped"
    )
    return 0 if min(share, cost) >= ENOUGH and not swapped else 1


if __name__ == "__main__":
    sys.exit(main())
