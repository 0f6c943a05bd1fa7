"""Which learning rates suit LeNet with and without batch normalization, before they are compared.

The accuracy on 6,000 held-out training images of Fashion-MNIST after 3 epochs, all else as in the
book's recipe for LeNet. Test images play no part.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from convscope.experiments.lenet_variants import lenet_recipe
from convscope.experiments.training_curves import measure_curves

DATA = "fashion-mnist"
SEEDS = (100,)
NETWORKS = ("lenet", "lenet-bn")
RATES = (0.1, 0.3, 0.9, 2.0)
CELL = {"network": "lenet-bn", "rate": 0.3}
WITHIN = {"train_loss": 0.05}  # validation accuracy jumps too far


def measure() -> Iterator[dict[str, Any]]:
    """A row for each network and rate."""
    for name in NETWORKS:
        for rate in RATES:
            yield measure_one(name, rate)


def measure_cell() -> dict[str, Any]:
    """The row that CELL names."""
    return measure_one(CELL["network"], CELL["rate"])


def measure_one(name: str, rate: float) -> dict[str, Any]:
    """Train one network at one rate."""
    recipe = lenet_recipe(
        DATA, learning_rate=rate, validation=0.1, epochs=3, seed=SEEDS[0], threads=1
    )
    curves = measure_curves(name, DATA, recipe)
    return {
        "network": name,
        "rate": rate,
        "seed": SEEDS[0],
        "validation_accuracy": curves.accuracy[-1],
        "train_loss": curves.train_loss[-1],
    }
