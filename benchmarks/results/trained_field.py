"""The width of the effective receptive field before and after training (lesson 11)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from convscope.experiments.trained_field import measure_trained_field

SEEDS = tuple(range(10))
CELL = {"seed": 0}
WITHIN = {"before": 0.02, "after": 0.1, "accuracy": 0.05}
DATA = None


def measure() -> Iterator[dict[str, Any]]:
    """One row for each seed."""
    for seed in SEEDS:
        yield {"seed": seed, **measure_trained_field(seed)._asdict()}


def measure_cell() -> dict[str, Any]:
    """The row `CELL`, measured again."""
    return {"seed": 0, **measure_trained_field(0)._asdict()}
