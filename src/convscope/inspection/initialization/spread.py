"""How widely the outputs of each layer vary, from the first to the last."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from torch import Tensor, nn

from convscope.graph.capture import capture

LAYERS_WITH_WEIGHTS = ("convolution", "transposed convolution", "dense")


@dataclass(frozen=True)
class LayerSpread:
    """How widely the outputs of one layer vary, over its units and the images.

    Attributes:
        layer: The layer's name.
        mean: Mean of all its outputs.
        std: Standard deviation of all its outputs.
        std_between_units: Standard deviation of the units' own means; 0 if all units are alike.
    """

    layer: str
    mean: float
    std: float
    std_between_units: float

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return asdict(self)


def measure_spread(network: nn.Module, images: Tensor) -> list[LayerSpread]:
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
