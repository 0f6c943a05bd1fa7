"""LeNet with one or two of its parts exchanged, and a perceptron of the same size."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from torch import nn

from convscope.errors import unknown_name
from convscope.networks.dense import MLP
from convscope.networks.lenet import LeNet
from convscope.networks.network import Network
from convscope.runs.recipe import Recipe, named

ACTIVATIONS: dict[str, type[nn.Module]] = {"sigmoid": nn.Sigmoid, "relu": nn.ReLU}
POOLINGS: dict[str, type[nn.AvgPool2d | nn.MaxPool2d]] = {
    "average": nn.AvgPool2d,
    "max": nn.MaxPool2d,
}


def lenet_variant(
    activation: str = "sigmoid",
    pooling: str = "average",
    *,
    in_channels: int = 1,
    classes: int = 10,
    size: int = 28,
) -> LeNet:
    """Build LeNet with another activation or pooling; everything else stays as it was.

    Args:
        activation: "sigmoid", as in the textbook, or "relu".
        pooling: "average", as in the paper, or "max"; windows of 2×2 either way.
        in_channels: Channels of the images.
        classes: Number of logits.
        size: Height and width of the images.

    Raises:
        UsageError: There is no such activation or pooling.
    """
    if activation not in ACTIVATIONS:
        raise unknown_name("activation", activation, ACTIVATIONS)
    if pooling not in POOLINGS:
        raise unknown_name("pooling", pooling, POOLINGS)
    network = LeNet(in_channels, classes, size)
    for part in (network.features, network.classifier):
        for name, layer in part.named_children():
            if isinstance(layer, nn.Sigmoid):
                setattr(part, name, ACTIVATIONS[activation]())
            elif isinstance(layer, nn.AvgPool2d):
                setattr(part, name, POOLINGS[pooling](2))
    return network


def mlp_of_size(parameters: int, *, in_channels: int = 1, classes: int = 10, size: int = 28) -> MLP:
    """Build a perceptron with one hidden layer that has about as many parameters as asked for.

    Args:
        parameters: How many weights and biases; the width that comes nearest is taken.
        in_channels: Channels of the images.
        classes: Number of logits.
        size: Height and width of the images.
    """
    of_a_unit = in_channels * size * size + 1 + classes
    hidden = max(1, round((parameters - classes) / of_a_unit))
    return MLP(in_channels, classes, size, hidden)


def lenet_recipe(data: str, **changes: Any) -> Recipe:
    """The book's recipe for LeNet: Xavier, SGD with rate 0.9, batches of 256, 10 epochs.

    Args:
        data: Name of a data set.
        **changes: Fields of the recipe to change, such as `batch_size=32`.

    Raises:
        UsageError: There is no such field, or a value isn't accepted.
    """
    return named("book", "lenet", data).replace(**changes)


def _mlp_like_lenet() -> MLP:
    return mlp_of_size(sum(each.numel() for each in lenet_variant().parameters()))


LENET_VARIANTS: dict[str, Callable[[], Network]] = {
    "sigmoid, average": lenet_variant,
    "sigmoid, max": partial(lenet_variant, "sigmoid", "max"),
    "relu, average": partial(lenet_variant, "relu", "average"),
    "relu, max": partial(lenet_variant, "relu", "max"),
    "mlp": _mlp_like_lenet,
}
"""What builds the networks that the lesson on LeNet compares, for 28×28 grey images, by name."""
