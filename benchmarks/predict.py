"""`convscope predict` on a folder, beside its two halves: decoding alone, and computing alone.

The halves share the processors, so the whole can at best take as long as both together; figures are
given against the slower half, and against that best.

    python benchmarks/predict.py RUN FOLDER [--limit 10000]
    python benchmarks/predict.py RUN --photos 2000       # makes photographs of 640×480 pixels
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from convscope.data.decode import decode
from convscope.data.parallel import map_in_order
from convscope.evaluation.predict import predict, share_work
from convscope.evaluation.torch_engine import TorchEngine
from convscope.runs.model_file import ModelCard
from convscope.runs.open_model import open_model
from convscope.runtime.allocator import keep_memory
from convscope.runtime.device import choose_device, describe
from convscope.runtime.execution import Precision


def photographs(folder: Path, count: int) -> None:
    """Images with structure at all scales, as JPEG files of some 60 kB."""
    random = np.random.default_rng(0)
    for number in range(count):
        layers = []
        for cells in (4, 16, 64, 240):
            noise = random.integers(0, 255, (3 * cells // 4, cells, 3), dtype=np.uint8)
            layer = Image.fromarray(noise).resize((640, 480), Image.Resampling.BICUBIC)
            layers.append(np.asarray(layer, np.float32))
        mixed = sum(
            share * layer for share, layer in zip((0.5, 0.25, 0.15, 0.1), layers, strict=True)
        )
        Image.fromarray(mixed.astype(np.uint8)).save(folder / f"{number}.jpg", quality=90)


def decoded(files: list[str], card: ModelCard, workers: int) -> tuple[float, list[np.ndarray]]:
    """The seconds that decoding takes, and the images."""

    def one(file: str) -> np.ndarray:
        return decode(file, size=card.size, channels=card.channels)

    began = time.perf_counter()
    images = list(map_in_order(one, files, workers=workers))
    return time.perf_counter() - began, images


def measure(run: Path, folder: Path, limit: int, precision: Precision) -> dict[str, float]:
    """Images per second of each half and of the whole, each once."""
    model = open_model(run)
    card = model.card
    files = sorted(str(file) for file in folder.rglob("*.jpg"))[:limit]

    # For small images, one thread decodes more than all of them do together.
    decoding, images = min(
        (decoded(files, card, workers) for workers in (1, os.cpu_count())), key=lambda pair: pair[0]
    )

    device = choose_device("auto")
    shared = share_work(len(files), 64, device)
    engine = TorchEngine(model, device, precision)
    parts = [
        np.stack(images[start : start + shared.batch_size])
        for start in range(0, len(images), shared.batch_size)
    ]

    def compute(part: np.ndarray) -> None:
        torch.set_num_threads(shared.threads)
        engine.run(part)

    began = time.perf_counter()
    answered = len(list(map_in_order(compute, parts, workers=shared.workers, chunk=1)))
    computing = time.perf_counter() - began

    began = time.perf_counter()
    found = predict(run, files, precision=precision)
    whole = time.perf_counter() - began
    assert len(found.predictions) == len(files)
    assert answered == len(parts)
    return {"decoding": decoding, "computing": computing, "whole": whole, "files": len(files)}


def main() -> None:
    """Measure three times, and print the medians as a row in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--photos", type=int, help="make this many instead of taking a folder")
    parser.add_argument("--limit", type=int, default=10_000)
    parser.add_argument("--precision", default="float32")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", type=Path, help="also write all figures here")
    options = parser.parse_args()
    keep_memory()  # as the command does
    machine = describe()
    print(f"{machine['processor']}, {machine['cores']} cores, torch {machine['torch']}")
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        if options.photos:
            photographs(folder, options.photos)
        runs = [
            measure(options.run, folder, options.limit, options.precision)
            for _ in range(options.repeats)
        ]
    files = runs[0]["files"]
    decoding, computing, whole = (
        statistics.median(each[part] for each in runs)
        for part in ("decoding", "computing", "whole")
    )
    print("| images | decoding alone | computing alone | whole | of the slower | of the best |")
    print("|---|---|---|---|---|---|")
    print(
        f"| {files:,} | {files / decoding:,.0f}/s | {files / computing:,.0f}/s "
        f"| {files / whole:,.0f}/s | {max(decoding, computing) / whole:.0%} "
        f"| {(decoding + computing) / whole:.0%} |"
    )
    if options.json:
        options.json.write_text(json.dumps({"machine": machine, "runs": runs}, indent=1))


if __name__ == "__main__":
    main()
