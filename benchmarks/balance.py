"""Unequal classes: weights in the loss, balanced sampling, or neither?

Classes of a data set are made unequal, each a constant factor smaller than the one before, down to
1/RATIO; which classes are small is drawn with the seed. The same network is trained on them three
times with the fast recipe and the same number of steps: as it is; with a loss in which an image
counts as its class is rare (N / (classes · N_class)); and with every class drawn equally often. It
is evaluated on test images of which all classes have as many: balanced accuracy (also of the
smallest third of the classes), and the accuracy that it would have on images as unequal as those
trained on.

    python benchmarks/balance.py [--sets fashion-mnist,cifar10,digits] [--ratios 10,50] [--seeds 5]
        [--images 1500] [--epochs 15] [--network small] [--out FILE.json]
"""

from __future__ import annotations

import argparse
import json
import statistics
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from convscope.data.batches import Batches, Normalization
from convscope.data.image_set import ImageSet, spread_evenly
from convscope.data.load import load
from convscope.networks.catalog import build
from convscope.runs.optimization import learning_rate, make_optimizer, set_learning_rate
from convscope.runs.recipe import Recipe, named

METHODS = ("as it is", "weights", "sampling")
TEST_IMAGES = 2000


def make_unequal(images: ImageSet, ratio: float, count: int, seed: int) -> ImageSet:
    """About `count` of the images, the largest class `ratio` times as large as the smallest."""
    random = np.random.default_rng(seed)
    classes = len(images.classes)
    shares = ratio ** (-np.arange(classes) / (classes - 1))
    wanted = np.maximum(2, np.round(count * shares / shares.sum())).astype(int)
    rows: list[int] = []
    for label, number in zip(random.permutation(classes), wanted, strict=True):
        members = random.permutation(np.flatnonzero(images.labels == label))
        rows += members[:number].tolist()
    return images.subset(sorted(rows))


def train_network(
    network: str, train: ImageSet, recipe: Recipe, method: str, size: int
) -> torch.nn.Module:
    """A network trained by the recipe, with one of the methods."""
    torch.manual_seed(recipe.seed)
    module = build(network, train.image_shape[0], len(train.classes), size=size)
    batches = Batches(
        train,
        recipe.batch_size,
        normalization=Normalization.of(train),
        train=True,
        seed=recipe.seed,
        size=size,
        augmentation=recipe.augmentation,
        balance=method == "sampling",
    )
    optimizer = make_optimizer(module, recipe)
    counts = np.bincount(train.labels, minlength=len(train.classes))
    weights = torch.tensor(len(train) / (len(counts) * counts), dtype=torch.float32)
    epochs = recipe.epochs or 1
    total, step = epochs * len(batches), 0
    module.train()
    for epoch in range(epochs):
        for images, labels in batches.epoch(epoch):
            set_learning_rate(optimizer, learning_rate(recipe, step, total))
            loss = F.cross_entropy(
                module(images), labels, weight=weights if method == "weights" else None,
                label_smoothing=recipe.label_smoothing,
            )  # fmt: skip
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            step += 1
    return module.eval()


def evaluate(
    module: torch.nn.Module, images: ImageSet, train: ImageSet, size: int
) -> dict[str, float]:
    """Balanced accuracy, that of the rare classes, and accuracy on images as those trained on."""
    batches = Batches(images, 250, normalization=Normalization.of(train), train=False, size=size)
    with torch.inference_mode():
        right = torch.cat([module(x).argmax(1) == y for x, y in batches.epoch(0)]).numpy()
    recall = np.array([right[images.labels == k].mean() for k in range(len(images.classes))])
    counts = np.bincount(train.labels, minlength=len(images.classes))
    rare = np.argsort(counts)[: max(1, len(counts) // 3)]
    return {
        "balanced": float(recall.mean()),
        "rare": float(recall[rare].mean()),
        "as trained": float(recall @ counts / counts.sum()),
    }


def share_right(module: torch.nn.Module, images: ImageSet, train: ImageSet, size: int) -> float:
    """The accuracy of a network on images, normalized as those trained on."""
    batches = Batches(images, 250, normalization=Normalization.of(train), train=False, size=size)
    with torch.inference_mode():
        right = [(module(x).argmax(1) == y) for x, y in batches.epoch(0)]
    return float(torch.cat(right).double().mean())


def measure(
    name: str, ratio: float, seed: int, options: argparse.Namespace
) -> dict[str, dict[str, float]]:
    """All methods on one data set made unequal."""
    unequal = make_unequal(load(name), ratio, options.images, seed)
    test = load(name, "test")
    test = test.subset(spread_evenly(len(test), TEST_IMAGES))
    recipe = named("fast", options.network, name).replace(
        epochs=options.epochs, seed=seed, batch_size=32, minutes=None
    )
    size = 32 if options.network == "resnet9" else recipe.size or unequal.image_shape[1]
    return {
        method: evaluate(
            train_network(options.network, unequal, recipe, method, size), test, unequal, size
        )
        for method in METHODS
    }


def main() -> None:
    """Measure and print a table in Markdown: means over the seeds, and the sampling's lead."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", default="fashion-mnist,cifar10,digits")
    parser.add_argument("--ratios", default="10,50")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--images", type=int, default=1500)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--network", default="small")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows = []
    figures = ("balanced", "rare", "as trained")
    print("| set | largest : smallest | " + " | ".join(
        f"{method}: {figure}" for figure in figures for method in METHODS
    ) + " |")  # fmt: skip
    print("|---|---|" + "---|" * len(figures) * len(METHODS))
    for name in options.sets.split(","):
        for ratio in map(float, options.ratios.split(",")):
            found = [measure(name, ratio, seed, options) for seed in range(options.seeds)]
            rows.append({"set": name, "ratio": ratio, "seeds": found})
            cells = [
                statistics.fmean(each[method][figure] for each in found)
                for figure in figures
                for method in METHODS
            ]
            listed = " | ".join(f"{100 * cell:.1f}" for cell in cells)
            print(f"| {name} | {ratio:g} : 1 | {listed} |", flush=True)
            if options.out:
                text = json.dumps(
                    {"options": {**vars(options), "out": None}, "rows": rows}, indent=1
                )
                options.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
