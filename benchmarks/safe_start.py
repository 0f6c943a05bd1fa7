"""How many runs of NiN learn: the textbook's recipe as it is, and with a start that images decide.

    python benchmarks/safe_start.py                        # 10 seeds each
    python benchmarks/safe_start.py --seeds 3 --starts book

NiN at 224 pixels on Fashion-MNIST, one thread, two epochs of few images in batches of 32 (the book
has 128), so that a run has 80 steps and takes a minute. "Learned" is a test accuracy above 20 % at
the end: 500 images, of which guessing gets 10 %.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import convscope as cs
from convscope.runs.recipe import named

STARTS: dict[str, dict[str, Any]] = {
    "book": {},
    "data-dependent, clipped": {"initialization": "data-dependent", "clip_gradient": 1.0},
}
LEARNED = 0.2
TEST_IMAGES = 500


class EnoughEpochsError(Exception):
    """The last epoch has been evaluated: what else a run does isn't needed here."""


class Accuracies:
    """A watcher that keeps the test accuracy after each epoch and ends the run after the last."""

    def __init__(self, epochs: int) -> None:
        self.epochs = epochs
        self.values: list[float] = []

    def step(self, progress: Any, loss: float) -> None:
        """Steps don't count."""

    def epoch(self, metrics: dict[str, float], state: Any) -> None:
        """An epoch was evaluated."""
        self.values.append(metrics["test_accuracy"])
        if len(self.values) == self.epochs:
            raise EnoughEpochsError

    def message(self, text: str) -> None:
        """Nor do texts."""


def accuracies(data: dict[str, cs.ImageSet], recipe: cs.Recipe) -> list[float]:
    """Train once; the test accuracy after each epoch that the loss was finite in."""
    watcher = Accuracies(recipe.epochs or 1)
    with tempfile.TemporaryDirectory() as folder:
        try:
            cs.train("nin", data, recipe, out=Path(folder) / "run", quiet=True, watcher=watcher)
        except (EnoughEpochsError, cs.ConvscopeError):
            return watcher.values
    raise AssertionError("the watcher ends the run")


def main() -> None:
    """Train from every start with every seed and print a table in Markdown."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--starts", nargs="+", default=list(STARTS), choices=list(STARTS))
    parser.add_argument("--images", type=int, default=1280)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--epochs", type=int, default=2)
    options = parser.parse_args()

    counts = {"train": options.images, "test": TEST_IMAGES}
    data = {
        split: cs.load("fashion-mnist", split).subset(np.arange(count))
        for split, count in counts.items()
    }
    print("| start | learned | accuracy after the last epoch, by seed |\n|---|---|---|", flush=True)
    for start in options.starts:
        recipe = named("book", "nin", "fashion-mnist").replace(
            epochs=options.epochs, batch_size=options.batch_size, threads=1, **STARTS[start]
        )
        runs = [accuracies(data, recipe.replace(seed=seed)) for seed in range(options.seeds)]
        last = [run[-1] if len(run) == options.epochs else 0.0 for run in runs]
        learned = sum(each > LEARNED for each in last)
        figures = ", ".join(f"{100 * each:.1f}" for each in last)
        print(f"| {start} | {learned} of {len(last)} | {figures} % |", flush=True)


if __name__ == "__main__":
    main()
