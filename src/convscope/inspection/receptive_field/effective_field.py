"""How much each pixel of the image matters to a unit: its effective receptive field.

Pixels at the middle of the theoretical field reach a unit on many ways and those at its edge on
few, so that the effective field is smaller, and nearly Gaussian.

Source: Luo, Li, Urtasun and Zemel, "Understanding the effective receptive field in deep
convolutional neural networks", 2016.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn, zeros_like

from convscope.graph.capture import capture
from convscope.inspection.receptive_field.unit_field import check_unit


def effective_field(
    network: nn.Module, images: Tensor, layer: str, unit: Sequence[int]
) -> NDArray[np.float64]:
    """How much each pixel matters to a unit: the size of the gradient of the unit by the pixel.

    Args:
        network: Left as found.
        images: (N, channels, height, width), as the network is given them.
        layer: Name of the layer.
        unit: (channel, row, column), or (number,) where there are no maps.

    Returns:
        (height, width): the sum over channels of the gradient's absolute values, the mean over the
        images.

    Raises:
        UsageError: No such layer or unit.
    """
    graph = capture(network, images, gradients=True)
    node = graph[layer]
    assert node.value is not None, "real images leave values"  # noqa: S101
    seed = zeros_like(node.value)
    place: list[int | slice] = [*check_unit(node, unit)]
    if node.batch_axis is not None:
        place.insert(node.batch_axis, slice(None))  # of every image
    seed[tuple(place)] = 1
    (gradient,) = graph.gradients(node, [graph.input], seed)
    size: NDArray[np.float64] = gradient.abs().sum(1).mean(0).double().cpu().numpy()
    return size


def pixels_of_share(effective: NDArray[np.float64], share: float) -> int:
    """How many pixels, of those that matter most, make up a share of an effective field."""
    falling = np.sort(effective, axis=None)[::-1].cumsum()
    return int(np.searchsorted(falling, share * falling[-1]) + 1) if falling[-1] > 0 else 0
