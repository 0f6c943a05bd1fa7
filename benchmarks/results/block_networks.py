"""Accuracy on digits of blocks of equal cost, and of separable convolutions (lesson 14)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import product
from typing import Any

from convscope.experiments.path_networks import PATHS, build_path_network
from convscope.experiments.separable_networks import build_separable_network
from convscope.experiments.short_training import compare_short_trainings

SEEDS = tuple(range(10, 30))
VARIANTS = {
    "paths": {paths: partial(build_path_network, paths) for paths in PATHS},
    "separable": {
        "full, 16": partial(build_separable_network, separable=False, channels=16),
        "separable, 16": partial(build_separable_network, channels=16),
        "full, 7": partial(build_separable_network, separable=False, channels=7),
    },  # the last costs as much as the one before
}
CELL = {"variant": "four paths", "seed": 10}
WITHIN = {"accuracy": 0.02}
DATA = None


def measure() -> Iterator[dict[str, Any]]:
    """One row for each variant and seed: the accuracy on digits held out."""
    for experiment, seed in product(VARIANTS, SEEDS):
        yield from _rows(experiment, [*VARIANTS[experiment]], seed)


def measure_cell() -> dict[str, Any]:
    """The row `CELL`, measured again."""
    (row,) = _rows("paths", ["four paths"], 10)
    return row


def _rows(experiment: str, variants: list[str], seed: int) -> Iterator[dict[str, Any]]:
    builders = {name: VARIANTS[experiment][name] for name in variants}
    for variant, (accuracy,) in compare_short_trainings(builders, seeds=[seed]).accuracies.items():
        yield {"experiment": experiment, "variant": variant, "seed": seed, "accuracy": accuracy}
