"""A server that is sent images just below its limit of pixels: its memory, then and afterwards.

    python benchmarks/large_images.py [--images 4]

Four PNGs of a hundred kilobytes come at once, each of 7,070 × 7,070 pixels of 16-bit grey, while
small images are asked for one after the other. Exit code 1 if the server took more than the budget
for large images (`data/decode_room.py`) and a tenth, or half a minute later still has more than
64 MB of it.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

from convscope.data.decode_room import BUDGET
from convscope.runs.model_file import read_card
from overload import exchange
from serve import image_files, model_file, request, server

EDGE = 7070
LEFT = 64e6
PATIENCE = 30.0


def memory(number: int, name: str) -> float:
    """VmRSS or VmHWM of a process, in bytes."""
    text = Path(f"/proc/{number}/status").read_text()
    return 1024 * float(re.search(rf"{name}:\s+(\d+)", text)[1])


async def send(port: int, large: bytes, small: bytes, count: int) -> tuple[list, list]:
    """Statuses of the large requests, and the seconds of small ones beside them."""
    waiting = [asyncio.create_task(exchange(port, [], large)) for _ in range(count)]
    streams, seconds = [], []
    while not all(each.done() for each in waiting):
        begun = time.perf_counter()
        status, _ = await exchange(port, streams, small)
        assert status == 200
        seconds.append(time.perf_counter() - begun)
        await asyncio.sleep(0.005)
    streams[1].close()
    return [each.result()[0] for each in waiting], seconds


def main() -> int:
    """One server, one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=4)
    given = parser.parse_args()
    buffer = io.BytesIO()
    Image.new("I;16", (EDGE, EDGE), 300).save(buffer, "PNG")
    large = request(buffer.getvalue(), "image/png")
    with tempfile.TemporaryDirectory() as folder:
        file = model_file("lenet:28", Path(folder))
        small = request(image_files(read_card(file))[0], "image/jpeg")
        options = ("--engine", "float32", "--timeout", "600")
        with server(file, *options) as (port, _, process):
            for _ in range(20):
                asyncio.run(exchange(port, [], small))
            before = memory(process.pid, "VmRSS")
            statuses, seconds = asyncio.run(send(port, large, small, given.images))
            peak = memory(process.pid, "VmHWM") - before
            until = time.perf_counter() + PATIENCE
            while (after := memory(process.pid, "VmRSS") - before) > LEFT:
                if time.perf_counter() > until:
                    break
                time.sleep(0.2)
    slowest = statistics.quantiles(seconds, n=100)[-1]
    print(
        f"{statuses.count(200)} of {given.images} images of 50 megapixels answered "
        f"({len(large) / 1e3:.0f} kB each) with {peak / 1e6:.0f} MB more, of which "
        f"{max(after, 0) / 1e6:.0f} MB stayed; p99 of small ones meanwhile {1000 * slowest:.0f} ms"
    )
    met = peak <= 1.1 * BUDGET and after <= LEFT and statuses == [200] * given.images
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
