"""A long time of a server in a short one: whether memory, sockets and threads grow.

    python benchmarks/soak.py [--rounds 40]

Each round asks everything that clients do: good images, lists with bad ones, bodies that are no
image, half requests, clients that go, other paths, and an image of 16 megapixels. A quarter of the
rounds is for warming up; then memory, open files and threads are counted, and again at the end.
Exit code 1 if memory grew by more than a twentieth, or the others by more than two.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import io
import json
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

from convscope.runs.model_file import read_card
from large_images import memory
from overload import exchange
from serve import image_files, model_file, request, server

CLIENTS = 16
REQUESTS = 25  # of each client in a round


def everything(images: list[bytes]) -> list[tuple[bytes, set[int]]]:
    """Requests, and the statuses that they may get."""
    texts = [base64.b64encode(each).decode() for each in images[:8]]
    bad = base64.b64encode(b"no image").decode()
    lists = json.dumps({"images": [*texts, bad]}).encode()
    asked = b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n"
    return [
        *((request(each, "image/jpeg"), {200}) for each in images[:16]),
        (request(lists, "application/json"), {200}),
        (request(b"no image", "image/png"), {422}),
        (request(images[0][:200], "image/jpeg"), {422}),
        (request(b"{", "application/json"), {422}),
        (request(b"x", "text/plain"), {415}),
        (asked % b"/model", {200}),
        (asked % b"/metrics", {200}),
        (asked % b"/nothing", {404}),
    ]


async def a_round(port: int, requests: list[tuple[bytes, set[int]]], large: bytes) -> int:
    """Everything once more; how many requests were sent."""
    sent = 0

    async def client(number: int) -> None:
        nonlocal sent
        streams: list = []
        for position in range(number, number + REQUESTS):
            content, expected = requests[position % len(requests)]
            status, _ = await exchange(port, streams, content)
            assert status in expected, (status, content[:100])
            sent += 1
        streams[1].close()

    async def rude(number: int) -> None:
        nonlocal sent
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        content = requests[number][0]
        writer.write(content[: len(content) // (1 + number % 2)])
        await writer.drain()
        writer.transport.abort()  # without waiting for an answer
        sent += 1

    await asyncio.gather(*(client(number) for number in range(CLIENTS)), *map(rude, range(8)))
    status, _ = await exchange(port, [], large)
    assert status == 200
    return sent + 1


def counts(number: int) -> tuple[float, int, int]:
    """Memory in bytes, open files, and threads of a process."""
    process = Path(f"/proc/{number}")
    threads = len(list((process / "task").iterdir()))
    return memory(number, "VmRSS"), len(list((process / "fd").iterdir())), threads


def main() -> int:
    """One server, one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    given = parser.parse_args()
    buffer = io.BytesIO()
    Image.new("RGB", (4000, 4000), (1, 2, 3)).save(buffer, "PNG")
    large = request(buffer.getvalue(), "image/png")
    with tempfile.TemporaryDirectory() as folder:
        file = model_file("lenet:28", Path(folder))
        requests = everything(image_files(read_card(file)))
        options = ("--engine", "float32", "--timeout", "600")
        with server(file, *options) as (port, _, process):
            sent = 0
            for number in range(given.rounds):
                if number == given.rounds // 4:
                    time.sleep(3)
                    before = counts(process.pid)
                sent += asyncio.run(a_round(port, requests, large))
            time.sleep(3)  # what large images took goes back after a second
            after = counts(process.pid)
    grown = after[0] / before[0] - 1
    print(
        f"{sent:,} requests: memory {before[0] / 1e6:.0f} → {after[0] / 1e6:.0f} MB "
        f"({grown:+.1%}), open files {before[1]} → {after[1]}, threads {before[2]} → {after[2]}"
    )
    met = grown <= 0.05 and after[1] <= before[1] + 2 and after[2] <= before[2] + 2
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
