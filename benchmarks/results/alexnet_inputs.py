"""A small AlexNet with 54, 55 or 56 pixels behind its first layer, and for images of 28.

1,500 images of Fashion-MNIST, batches of 32, 6 epochs (282 steps), 1,000 test images.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

from convscope.data.image_set import ImageSet
from convscope.data.load import load
from convscope.experiments.alexnet_variants import (
    ALEXNET_INPUTS,
    alexnet_recipe,
    build_small_alexnet,
)
from convscope.experiments.training_curves import measure_curves

DATA = "fashion-mnist"
SEEDS = tuple(range(100, 108))  # 0 was tried first
TRAINED, TESTED = 1_500, 1_000
EPOCHS = 6
CELL = {"variant": "28", "seed": 100}
WITHIN = {"accuracy": 0.08}


def measure() -> Iterator[dict[str, Any]]:
    """A row for each input and seed."""
    for seed in SEEDS:
        for given in ALEXNET_INPUTS:
            yield measure_one(given, seed)


def measure_cell() -> dict[str, Any]:
    """The row that CELL names."""
    return measure_one(CELL["variant"], CELL["seed"])


def measure_one(given: str, seed: int) -> dict[str, Any]:
    """Train with one input from one seed."""
    images = {"train": some_images("train", TRAINED), "test": some_images("test", TESTED)}
    size = ALEXNET_INPUTS[given].size
    recipe = alexnet_recipe(DATA, size=size, epochs=EPOCHS, seed=seed)
    curves = measure_curves(functools.partial(build_small_alexnet, given), images, recipe)
    return {
        "experiment": "inputs",
        "variant": given,
        "seed": seed,
        "accuracy": curves.last_accuracy,
        "seconds": round(sum(curves.seconds), 2),
    }


@functools.cache
def some_images(split: str, count: int) -> ImageSet:
    """The first images of a split; its order is mixed."""
    return load(DATA, split).subset(range(count))
