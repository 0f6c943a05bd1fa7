"""Training and test losses of a network with and without weight decay and dropout."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from convscope.experiments.regularizers import SETTINGS, train_regularized

DATA = None
SEEDS = tuple(range(20))
EXAMPLES = (100, 1000)
CELL = {"setting": "dropout", "examples": 100, "seed": 0}
WITHIN = {"loss": 0.1, "accuracy": 0.03}


def measure() -> Iterator[dict[str, Any]]:
    """A row for each number of examples, setting and seed."""
    for examples in EXAMPLES:
        for setting in SETTINGS:
            for seed in SEEDS:
                yield train_regularized(setting, examples, seed)


def measure_cell() -> dict[str, Any]:
    """The row that CELL names."""
    return train_regularized("dropout", 100, 0)
