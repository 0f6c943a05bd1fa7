"""A server that is told to stop while large requests are in flight: who is answered, how it ends.

    python benchmarks/stopping.py [--requests 50] [--size 1500]

SIGTERM comes when all of them have sent something. Then again with half a body that never goes on.
Exit code 1 if a request wasn't answered, or the server didn't end with 0 within ten seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from overload import exchange, processor_time
from serve import model_file, request, server

LIMIT = 10.0


def large_image(size: int) -> bytes:
    """A PNG of noise, which nothing makes smaller."""
    noise = np.random.default_rng(0).integers(0, 256, (size, size, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def ended(process: subprocess.Popen, begun: float) -> tuple[float, int]:
    """Seconds until a server had ended, and its exit code."""
    code = process.wait(60)
    return time.perf_counter() - begun, code


async def in_flight(port: int, process: subprocess.Popen, content: bytes, count: int):
    """Statuses of requests during which SIGTERM comes, when it came, the processor time of all."""
    begun = asyncio.Event()
    sending = 0

    async def client() -> int:
        nonlocal sending
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(content[:65536])
        await writer.drain()
        sending += 1
        if sending == count:
            begun.set()
        writer.write(content[65536:])
        try:
            status, _ = await exchange(port, [reader, writer], b"")
        except (OSError, asyncio.IncompleteReadError):
            return 0
        return status

    before = processor_time(process.pid)
    clients = [asyncio.create_task(client()) for _ in range(count)]
    await begun.wait()
    process.send_signal(signal.SIGTERM)
    asked = time.perf_counter()
    statuses = await asyncio.gather(*clients)
    return statuses, asked, processor_time(process.pid) - before


def load() -> str:
    """What else the machine does: without it, seconds mean little."""
    busy = os.getloadavg()[0] / (os.cpu_count() or 1)
    return f"{busy:.0f} waited for each core" if busy > 1.5 else "the machine was idle otherwise"


async def half_a_body(port: int, process: subprocess.Popen, content: bytes) -> float:
    """Send half a request and no more; when SIGTERM came."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(content[: len(content) // 2])
    await writer.drain()
    await asyncio.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    asked = time.perf_counter()
    while process.poll() is None:
        await asyncio.sleep(0.05)
    return asked


def main() -> int:
    """Stop two servers; one line for both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=50)
    parser.add_argument("--size", type=int, default=1500, help="edge of the images, in pixels")
    given = parser.parse_args()
    content = request(large_image(given.size), "image/png")
    with tempfile.TemporaryDirectory() as folder:
        file = model_file("lenet:28", Path(folder))
        with server(file, "--engine", "float32") as (port, _, process):
            statuses, asked, work = asyncio.run(in_flight(port, process, content, given.requests))
            seconds, code = ended(process, asked)
        with server(file, "--engine", "float32") as (port, _, process):
            asked = asyncio.run(half_a_body(port, process, content))
            waited, other = ended(process, asked)
    answered = statuses.count(200)
    print(
        f"{answered} of {given.requests} requests of {len(content) / 1e6:.1f} MB answered, "
        f"ended after {seconds:.1f} s with code {code} ({work:.1f} s of the processor); "
        f"with half a body after {waited:.1f} s with code {other}; {load()}"
    )
    met = answered == given.requests and (code, other) == (0, 0) and max(seconds, waited) <= LIMIT
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
