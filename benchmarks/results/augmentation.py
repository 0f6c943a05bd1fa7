"""What flips and crops do to test accuracy, on digits and on clothes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from convscope.experiments.augmented_training import CHANGES, SETTINGS, train_augmented

DATA = "fashion-mnist"
SEEDS = tuple(range(10, 18))  # others were tried first, to find out how long to train
CELL = {"setting": "digits", "change": "flip", "seed": 10}
WITHIN = {"accuracy": 0.04}


def measure() -> Iterator[dict[str, Any]]:
    """A row for each setting, seed and change."""
    for setting in SETTINGS:
        for seed in SEEDS:
            for change in CHANGES:
                yield train_augmented(setting, change, seed)


def measure_cell() -> dict[str, Any]:
    """The row that CELL names."""
    return train_augmented("digits", "flip", 10)
