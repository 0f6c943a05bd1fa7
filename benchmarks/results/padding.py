"""Accuracy on digits by kernel size at equal cost, and by kind of padding (lesson 8)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from convscope.experiments.plain_stack import build_plain_stack
from convscope.experiments.short_training import compare_short_trainings

SEEDS = tuple(range(100, 120))  # 0 to 19 were tried first, to find what to ask
DATA = None
KERNELS, MODES = (2, 3, 4, 5), ("zeros", "reflect", "replicate", "circular")
EXPERIMENTS = {
    # 60 / k channels: all cost the same within 2 %.
    "kernel": {f"{k}×{k}": partial(build_plain_stack, kernel=k, channels=60 // k) for k in KERNELS},
    "kernel, finer head": {
        f"{k}×{k}": partial(build_plain_stack, kernel=k, channels=60 // k, pooled=4)
        for k in KERNELS
    },
    "padding": {
        "none": partial(build_plain_stack, padding="valid"),
        **{mode: partial(build_plain_stack, padding_mode=mode) for mode in MODES},
    },
    "20 layers": {mode: partial(build_plain_stack, padding_mode=mode, layers=20) for mode in MODES},
}
SEEDS_OF = {"20 layers": 10}  # as many seeds as there are otherwise

CELL = {"experiment": "kernel", "variant": "3×3", "seed": 100}
WITHIN = {"accuracy": 0.01}  # other processors round otherwise


def measure(experiments: tuple[str, ...] = tuple(EXPERIMENTS)) -> Iterator[dict[str, Any]]:
    """One row for each training: experiment, variant, seed, accuracy."""
    for name in experiments:
        seeds = SEEDS[: SEEDS_OF.get(name, len(SEEDS))]
        trained = compare_short_trainings(EXPERIMENTS[name], seeds=seeds)
        for variant, accuracies in trained.accuracies.items():
            for seed, accuracy in zip(seeds, accuracies, strict=True):
                yield {"experiment": name, "variant": variant, "seed": seed, "accuracy": accuracy}


def measure_cell() -> dict[str, Any]:
    """The row that `CELL` names."""
    builder = EXPERIMENTS["kernel"]["3×3"]
    trained = compare_short_trainings({"3×3": builder}, seeds=(100,))
    return CELL | {"accuracy": trained.accuracies["3×3"][0]}
