"""Plain and residual networks of 8, 20 and 32 layers on digits (lesson 16).

First each gets the rate of three that leaves the lowest training loss, by three seeds of their
own. (Of 32 plain layers the lowest won; 0.01 and 0.005 came to the same loss, within 0.04.) Then
ten other seeds at those rates; 32 layers also four times as long; and 20 layers with a 1×1
convolution in every shortcut.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from itertools import product
from statistics import fmean
from typing import Any

from convscope.experiments.depth_trainings import EPOCHS, DepthTrainings, compare_depths
from convscope.lessons.stored_results import stored

SEEDS = tuple(range(10))
SEEDS_OF_RATES = (100, 101, 102)
RATES = (0.02, 0.05, 0.1)
NETWORKS = [*product(("plain", "residual"), (8, 20, 32)), ("projected", 20)]
LONGER = 4
CELL = {"experiment": "depth", "kind": "residual", "layers": 8, "seed": 0}
WITHIN = {"accuracy": 0.04}
DATA = None

Rates = Mapping[tuple[str, int], float]


def measure() -> Iterator[dict[str, Any]]:
    """A row for each network, rate and seed."""
    tried: dict[tuple[str, int], dict[float, float]] = {each: {} for each in NETWORKS}
    for (kind, layers), rate in product(NETWORKS, RATES):
        found = compare_depths([layers], [kind], seeds=SEEDS_OF_RATES, rates=rate)
        tried[kind, layers][rate] = fmean(run.losses[-1] for run in found.runs)
        yield from _rows("rates", found)
    rates = {each: min(losses, key=losses.__getitem__) for each, losses in tried.items()}
    for seed, (kind, layers) in product(SEEDS, NETWORKS):
        yield from _rows("depth", compare_depths([layers], [kind], seeds=[seed], rates=rates))
    for seed, kind in product(SEEDS, ("plain", "residual")):
        long = compare_depths([32], [kind], seeds=[seed], rates=rates, epochs=LONGER * EPOCHS)
        yield from _rows("long", long)


def measure_cell() -> dict[str, Any]:
    """The row `CELL`, measured again at its rate."""
    (kept,) = [row for row in stored("residual_depth").rows if CELL.items() <= row.items()]
    again = compare_depths([8], ["residual"], seeds=[0], rates=kept["rate"])
    return next(_rows("depth", again))


def _rows(experiment: str, found: DepthTrainings) -> Iterator[dict[str, Any]]:
    for run in found.runs:
        losses = [round(loss, 4) for loss in run.losses]
        yield {"experiment": experiment} | asdict(run) | {"losses": losses}
