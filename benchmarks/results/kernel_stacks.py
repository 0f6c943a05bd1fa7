"""Accuracy on digits of stacks of 3×3 and of 5×5 convolutions that see as far (lesson 11)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from convscope.experiments.plain_stack import build_plain_stack
from convscope.experiments.short_training import compare_short_trainings

SEEDS = tuple(range(20))
VARIANTS = {
    # Both of a pair see 5, 9 pixels; as many channels, so the 3×3 cost 28 % less.
    "two 3×3": partial(build_plain_stack, kernel=3, layers=2),
    "one 5×5": partial(build_plain_stack, kernel=5, layers=1),
    "four 3×3": partial(build_plain_stack, kernel=3, layers=4),
    "two 5×5": partial(build_plain_stack, kernel=5, layers=2),
}
CELL = {"variant": "two 3×3", "seed": 0}
WITHIN = {"accuracy": 0.01}
DATA = None


def measure() -> Iterator[dict[str, Any]]:
    """One row for each variant and seed: the accuracy on digits held out."""
    for seed in SEEDS:
        yield from _rows([*VARIANTS], seed)


def measure_cell() -> dict[str, Any]:
    """The row `CELL`, measured again."""
    (row,) = _rows(["two 3×3"], 0)
    return row


def _rows(variants: Sequence[str], seed: int) -> Iterator[dict[str, Any]]:
    trained = compare_short_trainings({name: VARIANTS[name] for name in variants}, seeds=[seed])
    for variant, (accuracy,) in trained.accuracies.items():
        yield {"experiment": "stacks", "variant": variant, "seed": seed, "accuracy": accuracy}
