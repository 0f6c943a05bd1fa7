"""A stack of affine layers is one affine layer: which one."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from convscope.errors import UsageError


def merge_affine_layers(layers: Sequence[nn.Linear]) -> nn.Linear:
    """The one affine layer that computes what several do one after the other.

        W₂ (W₁ x + b₁) + b₂ = (W₂ W₁) x + (W₂ b₁ + b₂)

    Computed in float64, so that only the result is rounded.

    Args:
        layers: From the first to the last.

    Raises:
        UsageError: There is none, something else than `nn.Linear` is among them, or one gives
            other than the next takes.
    """
    if not layers or not all(isinstance(layer, nn.Linear) for layer in layers):
        kinds = ", ".join(type(layer).__name__ for layer in layers) or "none"
        raise UsageError(
            f"merge_affine_layers takes nn.Linear layers; given {kinds}. What stands between them "
            "(an activation) is why a deep network is more than one layer."
        )
    first = layers[0]
    weight = torch.eye(first.in_features, dtype=torch.float64)
    bias = torch.zeros(first.in_features, dtype=torch.float64)
    for layer in layers:
        if layer.in_features != len(weight):
            raise UsageError(
                f"A layer takes {layer.in_features} numbers, but the one before gives "
                f"{len(weight)}."
            )
        weight = layer.weight.detach().double() @ weight
        bias = layer.weight.detach().double() @ bias
        if layer.bias is not None:
            bias = bias + layer.bias.detach().double()
    merged = nn.Linear(first.in_features, len(weight))
    with torch.no_grad():
        merged.weight.copy_(weight)
        merged.bias.copy_(bias)
    return merged
