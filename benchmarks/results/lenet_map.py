"""LeNet from 32 starts on the digits: four initializations, four learning rates, two activations.

28×28 pixels, batches of 32, 10 epochs of plain SGD, one seed: which starts leave guessing behind.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from convscope.experiments.lenet_variants import LENET_VARIANTS, lenet_recipe
from convscope.experiments.rate_map import map_rates

DATA = None
SEEDS = (0,)
NETWORKS = ("sigmoid, average", "relu, max")
RATES = (0.03, 0.1, 0.3, 0.9)
INITIALIZATIONS = ("normal", "default", "xavier", "kaiming")
CELL = {"network": "sigmoid, average", "initialization": "xavier", "rate": 0.1}
WITHIN = {"accuracy": 0.02}


def measure() -> Iterator[dict[str, Any]]:
    """A row for each training."""
    for name in NETWORKS:
        for initialization in INITIALIZATIONS:
            for rate in RATES:
                yield measure_one(name, initialization, rate)


def measure_cell() -> dict[str, Any]:
    """The row that CELL names."""
    return measure_one(CELL["network"], CELL["initialization"], CELL["rate"])


def measure_one(name: str, initialization: str, rate: float) -> dict[str, Any]:
    """Train one network from one start."""
    recipe = lenet_recipe("digits", size=28, epochs=10, batch_size=32, threads=1)
    found = map_rates(
        LENET_VARIANTS[name], "digits", recipe,
        rates=[rate], initializations=[initialization], name=name,
    )  # fmt: skip
    return {
        "network": name,
        "initialization": initialization,
        "rate": rate,
        "accuracy": found.cells[0].accuracy,
        "steps": found.steps,
        "chance": found.chance,
    }
