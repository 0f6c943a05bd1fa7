"""Units that are never active, so that they learn nothing any more."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from convscope.graph.capture import capture

RELUS = (
    "ReLU", "ReLU6", "leaky ReLU", "PReLU", "ELU", "SELU", "CELU", "GELU", "SiLU", "Mish",
    "hard swish",
)  # fmt: skip
"""Activations that are (nearly) flat on one side, where a unit learns nothing."""


@dataclass(frozen=True)
class DeadUnits:
    """Units of one layer that are never active.

    Attributes:
        layer: Name of the activation.
        units: How many units (channels, for feature maps) the layer has.
        dead: Numbers of the units that are never active.
    """

    layer: str
    units: int
    dead: tuple[int, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {"layer": self.layer, "units": self.units, "dead": list(self.dead)}


def find_dead_units(network: nn.Module, images: Tensor | Iterable[Tensor]) -> list[DeadUnits]:
    """Units behind a ReLU that are above 0 nowhere, on any of the images.

    Args:
        network: Left as found.
        images: (N, C, H, W), or several batches of them.

    Returns:
        One for each ReLU (any activation with a flat side), in the order of execution.
    """
    batches = [images] if isinstance(images, Tensor) else images
    alive: dict[str, Tensor] = {}
    for batch in batches:
        for node in capture(network, batch):
            if node.kind in RELUS and node.value is not None:
                units = 1 if len(node.shape) in (2, 4) else -1  # tokens have their units last
                active = (node.value > 0).movedim(units, 0).flatten(1).any(dim=1)
                alive[node.name] = active | alive.get(node.name, torch.zeros_like(active))
    return [
        DeadUnits(name, len(active), tuple((~active).nonzero()[:, 0].tolist()))
        for name, active in alive.items()
    ]
