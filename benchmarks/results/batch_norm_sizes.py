"""Accuracy over the batch size, with and without batch normalization, at several rates.

A dense network on the digits; the rate is chosen on validation images when the rows are read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from convscope.experiments.batch_sizes import KINDS, train_at_batch_size

DATA = None
SEEDS = tuple(range(10))
SIZES = (2, 4, 8, 32, 128)
RATES = (0.01, 0.03, 0.1, 0.3, 1.0)
CELL = {"kind": "batch norm", "size": 32, "rate": 0.1, "seed": 0}
WITHIN = {"validation": 0.04, "accuracy": 0.04}


def measure() -> Iterator[dict[str, Any]]:
    """A row for each kind, size, rate and seed."""
    for kind in KINDS:
        for size in SIZES:
            for rate in RATES:
                for seed in SEEDS:
                    yield train_at_batch_size(kind, size, rate, seed)


def measure_cell() -> dict[str, Any]:
    """The row that CELL names."""
    return train_at_batch_size("batch norm", 32, 0.1, 0)
