"""Searches for an architecture, at random and by Optuna's TPE, on the same budget (lesson 14).

Needs Optuna: pip install "convscope[tune]".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from itertools import product
from typing import Any

from convscope.experiments.architecture_search import search_architectures

BOTH = tuple(range(10, 22))  # seeds with which chance and TPE are compared
ALONE = tuple(range(22, 46))  # others, for what chance finds and how much that flatters
SEEDS = (*BOTH, *ALONE)
CELL = {"experiment": "samplers", "sampler": "random", "seed": 10}
WITHIN = {"validation": 0.02, "test": 0.03}
DATA = None


def measure() -> Iterator[dict[str, Any]]:
    """A row for each sampler and seed: the chosen network, and how it does."""
    for seed, sampler in product(BOTH, ("random", "tpe")):
        yield _row("samplers", sampler, seed)
    for seed in ALONE:
        yield _row("alone", "random", seed)


def measure_cell() -> dict[str, Any]:
    """The row `CELL`, measured again."""
    return _row("samplers", "random", 10)


def _row(experiment: str, sampler: str, seed: int) -> dict[str, Any]:
    found = search_architectures(seed=seed, sampler=sampler)
    best = found.best
    return {
        "experiment": experiment,
        "sampler": sampler,
        "seed": seed,
        "tries": len(found.tries),
        **asdict(best.architecture),
        "macs": best.architecture.macs,
        "validation": best.validation,
        "test": best.test,
        "middle_test": found.middle_test,
    }
