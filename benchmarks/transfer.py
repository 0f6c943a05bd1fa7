"""Training from what a network knows already, beside training from nothing, in the same time.

A network is trained on seven of ten classes; then, on a few images of each of the other three, once
`--from` it and once from nothing, with several seeds. Both take the same processor time, start-up
and final evaluation included, which other programs don't disturb: from nothing, the recipe "fast"
takes as many epochs as fill the time of the transfer. The test images are the same for all.

    python benchmarks/transfer.py cifar10 [--seeds 5] [--images 20 50 200] [--source RUN]
"""

from __future__ import annotations

import argparse
import math
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

import convscope as cs
from convscope.runs.recipe import named

NETWORK, ARGUMENTS = "resnet9", {"width": 8}
HELD_BACK = {"cifar10": (7, 8, 9), "fashion-mnist": (2, 4, 6)}
PLAIN = {"quiet": True, "threads": 1, "precision": "float32", "device": "cpu"}
TEST_IMAGES = 400  # of each class
FEW, MANY = 4, 2000  # epochs from nothing, the second by images a class, to see how long one takes


def choose(
    name: str, split: str, classes: tuple[int, ...], most: int | None, seed: int
) -> cs.ImageSet:
    """Images of some classes of a data set, `most` of each."""
    images, random = cs.load(name, split), np.random.default_rng(seed)
    rows = [random.permutation(np.flatnonzero(images.labels == each))[:most] for each in classes]
    labels = np.repeat(np.arange(len(classes)), [len(each) for each in rows])
    chosen = np.concatenate(rows)
    return cs.ImageSet(
        images.images[chosen], labels, tuple(images.classes[each] for each in classes)
    )


def train_source(name: str, minutes: float, out: Path) -> cs.Run:
    """The network that has seen the other seven classes."""
    classes = tuple(each for each in range(10) if each not in HELD_BACK[name])
    data = {split: choose(name, split, classes, None, 0) for split in ("train", "test")}
    recipe = named("fast", NETWORK, name).replace(
        data="", network_arguments=ARGUMENTS, batch_size=128, epochs=None, minutes=minutes
    )
    return cs.train(NETWORK, data, recipe, out=out, **PLAIN)


def train_one(data: dict[str, cs.ImageSet], out: Path, **changes: object) -> tuple[float, float]:
    """Accuracy on the test images, and processor seconds of the whole call."""
    began = time.process_time()
    run = cs.train(NETWORK, data, out=out, force=True, **PLAIN, **changes)
    return run.summary()["accuracy"], time.process_time() - began


def compare(
    name: str, count: int, seeds: int, source: Path, folder: Path
) -> tuple[list[float], list[float], float, int]:
    """Accuracies with and without the source, seconds of each call, and epochs from nothing."""
    test = choose(name, "test", HELD_BACK[name], TEST_IMAGES, 0)
    plain = {"recipe": "fast", "network_arguments": ARGUMENTS}
    kept, fresh, seconds, epochs = [], [], [], 0
    for seed in range(seeds):
        data = {"train": choose(name, "train", HELD_BACK[name], count, seed), "test": test}
        accuracy, taken = train_one(data, folder, from_=source, seed=seed)
        kept.append(accuracy)
        seconds.append(taken)
        if not epochs:
            more = FEW + MANY // count
            few, many = (train_one(data, folder, epochs=each, **plain)[1] for each in (FEW, more))
            per_epoch = (many - few) / (more - FEW)
            epochs = max(1, math.ceil(FEW + (taken - few) / per_epoch))
        fresh.append(train_one(data, folder, epochs=epochs, seed=seed, **plain)[0])
    return kept, fresh, statistics.median(seconds), epochs


def main() -> None:
    """Train everything and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", choices=HELD_BACK)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--images", type=int, nargs="+", default=[20, 50, 200])
    parser.add_argument("--source", type=Path, help="the run on seven classes, if it is there")
    parser.add_argument("--minutes", type=float, default=20, help="for training it")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source = options.source
        if source is None:
            source = train_source(options.data, options.minutes, Path(folder) / "source").folder
        print(f"source: {cs.Run(source)}\n")
        print(
            "| images a class | from the source | from nothing | gain | processor time | epochs |"
        )
        print("|---|---|---|---|---|---|", flush=True)
        test = choose(options.data, "test", HELD_BACK[options.data], 20, 0)
        train_one({"train": test, "test": test}, Path(folder) / "run", from_=source, epochs=2)
        for count in options.images:  # by now everything is loaded that only a first call loads
            kept, fresh, seconds, epochs = compare(
                options.data, count, options.seeds, source, Path(folder) / "run"
            )
            gain = statistics.mean(kept) - statistics.mean(fresh)
            print(
                f"| {count} | {_listed(kept)} | {_listed(fresh)} | {100 * gain:+.1f} points | "
                f"{seconds:.1f} s | {epochs} |",
                flush=True,
            )


def _listed(accuracies: list[float]) -> str:
    """Mean, and each seed."""
    each = ", ".join(f"{100 * accuracy:.1f}" for accuracy in accuracies)
    return f"{100 * statistics.mean(accuracies):.1f} % ({each})"


if __name__ == "__main__":
    main()
