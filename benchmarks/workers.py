"""What several workers of one server take, and what they bring.

Memory is the proportional set size of all processes together (`/proc/PID/smaps_rollup`): a page
that several share counts once. Throughput is that of single images, asked by clients on the same
machine, in turns: all servers run at once, and one at a time is asked.

    python benchmarks/workers.py [resnet50:96 ...] [--workers 1 2 4] [--engine float32]
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
from contextlib import ExitStack
from pathlib import Path

from convscope.runs.model_file import read_card
from overload import ask, processor_time
from serve import image_files, model_file, request, server

CLIENTS = 32
ANSWERS = ("", 1.0)  # of an image: nobody compares them here


def processes(first: int) -> list[int]:
    """A process, and those that it has forked."""
    return [first, *map(int, Path(f"/proc/{first}/task/{first}/children").read_text().split())]


def memory(first: int) -> int:
    """Of all processes together, in bytes."""
    lines = [
        line
        for each in processes(first)
        for line in Path(f"/proc/{each}/smaps_rollup").read_text().splitlines()
    ]
    return sum(1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def measure(name: str, workers: list[int], engine: str, rounds: int, seconds: float) -> None:
    """Print a line for each number of workers."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        file = model_file(name, Path(folder))
        card = read_card(file)
        kind = "image/png" if card.channels == 1 else "image/jpeg"
        requests = [request(content, kind) for content in image_files(card)[:64]]
        servers = []
        for count in workers:
            options = ("--engine", engine, "--workers", str(count))
            port, _, process = stack.enter_context(server(file, *options))
            servers.append((count, port, process.pid, [], []))
        for _ in range(rounds):
            for _, port, first, rates, costs in servers:
                before = sum(map(processor_time, processes(first)))
                found = asyncio.run(ask(port, requests, [ANSWERS] * 64, CLIENTS, seconds))
                found.processor = sum(map(processor_time, processes(first))) - before
                assert not found.failed, "a worker refused"
                rates.append(found.rate)
                costs.append(found.cost)
        for count, _, first, rates, costs in servers:
            print(
                f"| {name}, {engine} | {count} | {memory(first) / 1e6:,.0f} MB "
                f"| {statistics.median(rates):,.0f} | {statistics.median(costs):.2f} |",
                flush=True,
            )


def main() -> None:
    """Measure, and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*", default=["lenet:28", "resnet50:96"])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--engine", default="float32")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0)
    given = parser.parse_args()
    print("| model | workers | memory | images/s | processor time, ms an image |")
    print("|---|---|---|---|---|", flush=True)
    for name in given.models:
        measure(name, given.workers, given.engine, given.rounds, given.seconds)


if __name__ == "__main__":
    main()
