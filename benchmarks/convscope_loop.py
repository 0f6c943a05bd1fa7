"""What `book_loop.py` does, done by Convscope: the same network, settings, images and epochs.

Prints one JSON object; `seconds` covers training and evaluation, as in `book_loop.py`. A run pays
once for what is around it: `startup_seconds` comes before (loading, and measuring precision and
algorithms), `final_seconds` after (calibrating, the final evaluation, robustness, the report).

    python benchmarks/convscope_loop.py lenet --images 60000 --test-images 10000
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np

import convscope as cs
from convscope.runs import recipe as recipes


def main() -> None:
    """Train one epoch at a time and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network")
    parser.add_argument("--images", type=int, default=60_000, help="training images")
    parser.add_argument("--test-images", type=int, default=10_000)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()

    started = time.perf_counter()
    counts = {"train": options.images, "test": options.test_images}
    data = {
        split: cs.load("fashion-mnist", split).subset(np.arange(count))
        for split, count in counts.items()
    }
    recipe = recipes.named("book", options.network, "fashion-mnist")
    with tempfile.TemporaryDirectory() as folder:
        run = cs.train(
            options.network,
            data,
            recipe,
            out=Path(folder) / "run",
            quiet=True,
            epochs=options.epochs,
            seed=options.seed,
            device=options.device,
        )
        whole = time.perf_counter() - started
        last = run.metrics("epoch")[-1]
        # Its last line is written when the last epoch has been evaluated.
        final = time.time() - run.metrics_file.stat().st_mtime
        result = {
            "network": options.network,
            "seconds": last["seconds"],
            "startup_seconds": whole - last["seconds"] - final,
            "final_seconds": final,
            "images_per_second": options.epochs * options.images / last["seconds"],
            "accuracy": last["test_accuracy"],
            "execution": run.environment["execution_reason"],
        }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
