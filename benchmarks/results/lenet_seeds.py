"""LeNet by the book's recipe, with ReLU and maxima, and a perceptron of its size: five seeds each.

On Fashion-MNIST, 10 epochs, batches of 256, plain SGD, Xavier initialization. The book's rate for
LeNet is 0.9; the others have that which was best on held-out images (lenet_rates.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from convscope.experiments.lenet_variants import LENET_VARIANTS, lenet_recipe
from convscope.experiments.training_curves import measure_curves
from convscope.lessons.stored_results import stored

DATA = "fashion-mnist"
SEEDS = (0, 1, 2, 3, 4)
NETWORKS = ("sigmoid, average", "mlp", "relu, max")
CELL = {"network": "mlp", "seed": 0}
WITHIN = {"test_accuracy": 0.02}  # after each of the epochs


def rate_of(name: str) -> float:
    """The book's learning rate for its LeNet; for others that of the best validation accuracy."""
    if name == "sigmoid, average":
        return lenet_recipe(DATA).learning_rate
    tried = [row for row in stored("lenet_rates").rows if row["network"] == name]
    return float(max(tried, key=lambda row: row["validation_accuracy"])["rate"])


def measure() -> Iterator[dict[str, Any]]:
    """A row for each network and seed."""
    for name in NETWORKS:
        for seed in SEEDS:
            yield measure_one(name, seed)


def measure_cell() -> dict[str, Any]:
    """The row that CELL names."""
    return measure_one(CELL["network"], CELL["seed"])


def measure_one(name: str, seed: int) -> dict[str, Any]:
    """Train one network from one seed."""
    rate = rate_of(name)
    recipe = lenet_recipe(DATA, learning_rate=rate, seed=seed, threads=1)
    curves = measure_curves(LENET_VARIANTS[name], DATA, recipe)
    return {
        "network": name,
        "parameters": sum(each.numel() for each in curves.network.parameters()),
        "rate": rate,
        "seed": seed,
        "accuracy": curves.accuracy[-1],
        "train_loss": [round(each, 4) for each in curves.train_loss],
        "train_accuracy": [round(each, 4) for each in curves.train_accuracy],
        "test_accuracy": curves.accuracy,
        "seconds": [round(each, 2) for each in curves.seconds],
    }
