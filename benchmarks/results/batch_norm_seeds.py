"""LeNet with batch normalization on Fashion-MNIST: the book's rate 1.0, and a tenth of it.

10 epochs, batches of 256, plain SGD, Xavier initialization, as in the book. LeNet without batch
normalization is in lenet_seeds.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from convscope.experiments.lenet_variants import lenet_recipe
from convscope.experiments.training_curves import measure_curves

DATA = "fashion-mnist"
SEEDS = (0, 1, 2, 3, 4)
RATES = {"rate 1.0": 1.0, "rate 0.1": 0.1}
COUNTS = {"rate 1.0": 5, "rate 0.1": 3}  # seeds of each
CELL = {"network": "rate 0.1", "seed": 0}
WITHIN = {"train_accuracy": 0.02}  # in each of the epochs; test accuracy jumps too far


def measure() -> Iterator[dict[str, Any]]:
    """A row for each rate and seed."""
    for name in RATES:
        for seed in SEEDS[: COUNTS[name]]:
            yield measure_one(name, seed)


def measure_cell() -> dict[str, Any]:
    """The row that CELL names."""
    return measure_one(CELL["network"], CELL["seed"])


def measure_one(name: str, seed: int) -> dict[str, Any]:
    """Train from one seed."""
    recipe = lenet_recipe(DATA, learning_rate=RATES[name], seed=seed, threads=1)
    curves = measure_curves("lenet-bn", DATA, recipe)
    return {
        "network": name,
        "seed": seed,
        "train_loss": [round(each, 4) for each in curves.train_loss],
        "train_accuracy": [round(each, 4) for each in curves.train_accuracy],
        "test_accuracy": curves.accuracy,
        "seconds": [round(each, 2) for each in curves.seconds],
    }
