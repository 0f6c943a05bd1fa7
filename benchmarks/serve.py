"""The server beside the engine it serves: throughput under load, and latency of single requests.

The client runs on the same machine and takes processor time from the server, so the figures are
lower than a client elsewhere would see. The engine alone is measured in a process of its own, on
the same images, already decoded.

    python benchmarks/serve.py runs/mine resnet18:96 [--engine auto] [--seconds 5] [--json FILE]
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import io
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from convscope.data.decode import decode
from convscope.data.load import load
from convscope.networks.catalog import build
from convscope.runs.model import load_model
from convscope.runs.model_file import ModelCard, save_model
from convscope.runtime.allocator import keep_memory
from convscope.runtime.device import describe
from convscope.shipping.server.choice import sample_images
from convscope.shipping.server.engines import make_engine

FILES = 512  # different images
LIST = 64  # images in a list
CONNECTIONS = {"single": 128, "list": 6}


def model_file(name: str, folder: Path) -> Path:
    """The model of a run, or of a network with fresh weights, as in "resnet18:96"."""
    if ":" not in name:
        return Path(name) / "model.safetensors"
    network, size = name.split(":")
    card = ModelCard(
        network=network,
        classes=tuple(f"class {n}" for n in range(10)),
        channels=3,
        size=int(size),
        mean=(0.5,) * 3,
        std=(0.25,) * 3,
    )
    torch.manual_seed(0)
    save_model(folder / f"{network}.safetensors", build(network, 3, 10), card)
    return folder / f"{network}.safetensors"


def image_files(card: ModelCard) -> list[bytes]:
    """Test images as PNG (grey) or JPEG (colour) files; made-up ones for fresh weights."""
    if card.trained_on:
        images = load(card.trained_on, "test").images[:FILES]
    else:
        images = sample_images(card, FILES)
    files = []
    for image in images:
        buffer = io.BytesIO()
        drawn = Image.fromarray(image[0] if len(image) == 1 else image.transpose(1, 2, 0))
        drawn.save(buffer, "PNG" if len(image) == 1 else "JPEG", quality=90)
        files.append(buffer.getvalue())
    return files


def engine_alone(
    file: Path, quick: str, bulk: str, max_batch: int, seconds: float
) -> tuple[float, float]:
    """Images per second in full batches, and seconds for one image."""
    keep_memory()
    model = load_model(file)
    card = model.card
    for_one, for_many = (make_engine(name, model, torch.device("cpu")) for name in (quick, bulk))
    decoded = [decode(each, size=card.size, channels=card.channels) for each in image_files(card)]
    full, single = np.stack(decoded), np.stack(decoded[:1])
    times, until = [], time.perf_counter() + seconds
    while time.perf_counter() < until:
        for start in range(0, len(full), max_batch):
            began = time.perf_counter()
            for_many.run(full[start : start + max_batch])
            times.append(time.perf_counter() - began)
    latencies, until = [], time.perf_counter() + seconds / 2
    while time.perf_counter() < until:
        began = time.perf_counter()
        for_one.run(single)
        latencies.append(time.perf_counter() - began)
    return max_batch / statistics.fmean(times), statistics.median(latencies)


@contextmanager
def server(file: Path, *options: str):
    """`convscope serve`; gives (port, what it said, its process)."""
    command = [sys.executable, "-m", "convscope", "serve", str(file), "--port", "0", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    said = []
    try:
        for line in process.stdout:
            said.append(line.strip())
            if found := re.search(r"Ready: http://[^:]+:(\d+)", line):
                break
        yield int(found[1]), said, process
    finally:
        if process.poll() is None:
            process.terminate()
        assert process.wait(15) in (0, 1)


def request(content: bytes, kind: str) -> bytes:
    """A request as it goes over the wire."""
    head = (
        "POST /predict HTTP/1.1\r\nHost: localhost\r\n"
        f"Content-Type: {kind}\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, content: bytes) -> None:
    """Send one request and read its answer, with as little work as possible."""
    writer.write(content)
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), head
    length = int(re.search(rb"content-length: (\d+)", head, re.IGNORECASE)[1])
    await reader.readexactly(length)


async def load_on(port: int, requests: list[bytes], clients: int, seconds: float) -> float:
    """Requests per second that are answered while every client asks again at once."""
    done = 0
    began = time.perf_counter()

    async def client(number: int) -> None:
        nonlocal done
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        position = number
        while time.perf_counter() - began < seconds + 1:
            await ask(reader, writer, requests[position % len(requests)])
            position += clients
            # The first second is for filling the queue.
            done += time.perf_counter() - began > 1
        writer.close()

    await asyncio.gather(*(client(number) for number in range(clients)))
    return done / (time.perf_counter() - began - 1)


async def one_by_one(port: int, requests: list[bytes], seconds: float) -> float:
    """Median seconds of a request on a server that has nothing else to do."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    times, until, position = [], time.perf_counter() + seconds, 0
    while time.perf_counter() < until:
        began = time.perf_counter()
        await ask(reader, writer, requests[position % len(requests)])
        times.append(time.perf_counter() - began)
        position += 1
    writer.close()
    return statistics.median(times[10:])


def measure(name: str, engine: str, max_batch: int, seconds: float, folder: Path) -> dict:
    """All figures of one model."""
    file = model_file(name, folder)
    card = load_model(file).card
    files = image_files(card)
    kind = "image/png" if card.channels == 1 else "image/jpeg"
    singles = [request(content, kind) for content in files]
    texts = [base64.b64encode(content).decode() for content in files]
    lists = [
        request(json.dumps({"images": texts[start : start + LIST]}).encode(), "application/json")
        for start in range(0, FILES, LIST)
    ]
    with server(file, "--engine", engine, "--max-batch", str(max_batch)) as (port, said, _):
        latency = asyncio.run(one_by_one(port, singles, seconds / 2))
        by_single = asyncio.run(load_on(port, singles, CONNECTIONS["single"], seconds))
        by_list = LIST * asyncio.run(load_on(port, lists, CONNECTIONS["list"], seconds))
    # For one image and for full batches, the server may use different engines.
    chosen = next(line for line in said if line.startswith("Engine: "))
    quick, bulk = re.match(r"Engine: (\w+)(?: below \d+ images, else (\w+))?", chosen).groups()
    throughput, alone = engine_alone_apart(file, quick, bulk or quick, max_batch, seconds)
    return {
        "model": name,
        "engine": chosen,
        "engine_throughput": throughput,
        "engine_latency": alone,
        "single_throughput": by_single,
        "list_throughput": by_list,
        "latency": latency,
    }


def engine_alone_apart(
    file: Path, quick: str, bulk: str, max_batch: int, seconds: float
) -> list[float]:
    """`engine_alone` in a fresh process, as the server's is one."""
    command = [sys.executable, __file__, str(file), "--alone", quick, bulk]
    command += ["--max-batch", str(max_batch), "--seconds", str(seconds)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def main() -> None:
    """Measure the models one after the other and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="+", help="runs, or NETWORK:SIZE for fresh weights")
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--max-batch", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=5.0, help="for each figure")
    parser.add_argument("--json", type=Path, help="also write all figures here")
    parser.add_argument("--alone", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    sizes = (options.max_batch, options.seconds)
    if options.alone:
        print(json.dumps(engine_alone(Path(options.models[0]), *options.alone, *sizes)))
        return
    machine = describe()
    print(f"{machine['processor']}, {machine['cores']} cores, torch {machine['torch']}\n")
    print(
        "| model | engine | engine alone, images/s | lists of 64 | single images "
        "| engine alone, ms | single request, ms |"
    )
    print("|---|---|---|---|---|---|---|", flush=True)
    results = []
    with tempfile.TemporaryDirectory() as folder:
        for name in options.models:
            found = measure(name, options.engine, *sizes, Path(folder))
            results.append(found)
            alone = found["engine_throughput"]
            by_list, by_single = found["list_throughput"], found["single_throughput"]
            row = [
                name,
                found["engine"].removeprefix("Engine: "),
                f"{alone:,.0f}",
                f"{by_list:,.0f} ({by_list / alone:.0%})",
                f"{by_single:,.0f} ({by_single / alone:.0%})",
                f"{1000 * found['engine_latency']:.2f}",
                f"{1000 * found['latency']:.2f}",
            ]
            print(f"| {' | '.join(row)} |", flush=True)
    if options.json:
        options.json.write_text(json.dumps({"machine": machine, "results": results}, indent=1))


if __name__ == "__main__":
    main()
