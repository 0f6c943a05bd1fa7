"""A small AlexNet with and without dropout: accuracy on training and on test images.

1,000 images of Fashion-MNIST at 28 pixels, batches of 32, 24 epochs (768 steps), 2,000 test images.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

from convscope.data.image_set import ImageSet
from convscope.data.load import load
from convscope.experiments.alexnet_variants import alexnet_recipe, build_small_alexnet
from convscope.experiments.dropout_gap import measure_gap

DATA = "fashion-mnist"
SEEDS = tuple(range(100, 110))  # 0 was tried first
PROBABILITIES = (0.0, 0.5)
TRAINED, TESTED = 1_000, 2_000
EPOCHS = 24
CELL = {"dropout": 0.5, "seed": 100}
WITHIN = {"train": 0.06, "held_out": 0.04}


def measure() -> Iterator[dict[str, Any]]:
    """A row for each probability and seed."""
    for seed in SEEDS:
        for probability in PROBABILITIES:
            yield measure_one(probability, seed)


def measure_cell() -> dict[str, Any]:
    """The row that CELL names."""
    return measure_one(CELL["dropout"], CELL["seed"])


def measure_one(probability: float, seed: int) -> dict[str, Any]:
    """Train with one probability from one seed."""
    images = {"train": some_images("train", TRAINED), "test": some_images("test", TESTED)}
    recipe = alexnet_recipe(DATA, size=28, epochs=EPOCHS, seed=seed)
    build = functools.partial(build_small_alexnet, "28", dropout=probability)
    gap = measure_gap(build, images, recipe)
    return {"dropout": probability, "seed": seed, **gap._asdict()}


@functools.cache
def some_images(split: str, count: int) -> ImageSet:
    """The first images of a split; its order is mixed."""
    return load(DATA, split).subset(range(count))
