"""What the choice of initial weights does to the spread of activations through depth."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from convscope.graph.capture import capture
from convscope.networks.initialization import INITIALIZATIONS, initialize

LAYERS_WITH_WEIGHTS = ("convolution", "transposed convolution", "dense")


@dataclass(frozen=True)
class LayerSpread:
    """How widely the outputs of one layer vary, over its units and the images.

    Attributes:
        layer: Its name.
        mean: Of all its outputs.
        std: Their standard deviation.
        std_between_units: Standard deviation of the units' own means; 0 if all units are alike.
    """

    layer: str
    mean: float
    std: float
    std_between_units: float


def spread(network: nn.Module, images: Tensor) -> list[LayerSpread]:
    """The spread of the outputs of each convolution and dense layer, before activations.

    Where it shrinks from layer to layer, the signal dies out on its way, and so do gradients on
    theirs; where it grows, both explode.

    Args:
        network: Left as found.
        images: (N, C, H, W), normalized as for training.

    Returns:
        One for each such layer, in the order of execution.
    """
    rows = []
    for node in capture(network, images):
        if node.kind in LAYERS_WITH_WEIGHTS and node.value is not None:
            values = node.value.double()
            units = values.transpose(0, 1 if node.kind != "dense" else -1).flatten(1)
            rows.append(
                LayerSpread(
                    node.name,
                    float(values.mean()),
                    float(values.std(correction=0)),
                    float(units.mean(dim=1).std(correction=0)),
                )
            )
    return rows


def compare_initializations(
    network: nn.Module,
    images: Tensor,
    choices: Iterable[str] = tuple(INITIALIZATIONS),
    seed: int = 0,
) -> dict[str, list[LayerSpread]]:
    """The spread through depth under each initialization.

    Args:
        network: Copied for each; left as found.
        images: (N, C, H, W), normalized as for training.
        choices: Some of `networks.initialization.INITIALIZATIONS`.
        seed: Decides the random weights. The state of PyTorch's generators is left as found.

    Raises:
        UsageError: There is no such initialization.
    """
    found = {}
    for choice in choices:
        fresh = copy.deepcopy(network)
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            initialize(fresh, choice)
        found[choice] = spread(fresh, images)
    return found
