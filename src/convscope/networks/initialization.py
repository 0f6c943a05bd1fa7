"""Giving layers fresh weights, by the rules that courses compare."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import nn

from convscope.errors import unknown_name

CONSTANT = 0.01
Layer: TypeAlias = nn.Linear | nn.modules.conv._ConvNd


def _default(layer: Layer) -> None:
    layer.reset_parameters()


def _normal(layer: Layer) -> None:
    nn.init.normal_(layer.weight, std=0.01)
    _zero_bias(layer)


def _constant(layer: Layer) -> None:
    nn.init.constant_(layer.weight, CONSTANT)
    _zero_bias(layer)


def _xavier(layer: Layer) -> None:
    nn.init.xavier_uniform_(layer.weight)


def _kaiming(layer: Layer) -> None:
    nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")


def _zero_bias(layer: Layer) -> None:
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)


INITIALIZATIONS: dict[str, Callable[[Layer], None]] = {
    "default": _default,
    "normal": _normal,
    "constant": _constant,
    "xavier": _xavier,
    "kaiming": _kaiming,
}


@torch.no_grad()
def initialize(module: nn.Module, initialization: str) -> None:
    """Set the weights of all dense and convolution layers of a network, or of one block, anew.

    Args:
        module: Changed in place.
        initialization: "default" is PyTorch's own (uniform, with the variance 1 / (3 fan_in));
            "normal" is N(0, 0.01²) with zero bias; "constant" is 0.01 with zero bias, which makes
            all units of a layer alike; "xavier" is uniform with the variance
            2 / (fan_in + fan_out) (Glorot and Bengio 2010, equation 16); "kaiming" is normal with
            the variance 2 / fan_out (He et al. 2015, section 2.2). The last two leave the biases.

    Raises:
        UsageError: There is no such rule.
    """
    if initialization not in INITIALIZATIONS:
        raise unknown_name("initialization", initialization, INITIALIZATIONS)
    for layer in module.modules():
        if isinstance(layer, Layer):
            INITIALIZATIONS[initialization](layer)
