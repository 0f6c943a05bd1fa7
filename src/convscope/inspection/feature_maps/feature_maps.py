"""Feature maps: what each channel of each layer makes of an image; and the first kernels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from convscope.errors import UsageError
from convscope.graph.capture import capture
from convscope.graph.graph import Graph, Node

CONVOLUTIONS = ("convolution", "transposed convolution")
NO_LONGER_MAPS = ("flatten", "reshape", "permutation", "matrix product")
"""What comes out of these may have four axes, as attention has, without being maps of an image."""


@dataclass(frozen=True)
class FeatureMaps:
    """What one layer makes of an image.

    Attributes:
        layer: Its name.
        kind: What it does, as in "convolution".
        maps: float32 (channels, height, width).
    """

    layer: str
    kind: str
    maps: NDArray[np.float32] = field(repr=False)


@dataclass(frozen=True)
class FirstKernels:
    """The kernels that the images meet first.

    Attributes:
        layer: Name of the convolution.
        weights: float32 (kernels, channels, height, width).
    """

    layer: str
    weights: NDArray[np.float32] = field(repr=False)


def feature_maps(
    network: nn.Module, image: Tensor, layers: Sequence[str] | None = None
) -> list[FeatureMaps]:
    """The feature maps of a network on an image.

    Args:
        network: Left as found.
        image: (1, C, H, W), normalized as for training.
        layers: Names of layers or blocks; None: the last layer of every size of maps, which shows
            the way from large maps to small ones.

    Raises:
        UsageError: There is no such layer, or its output has no height and width.
    """
    graph = capture(network, image)
    if layers is None:
        by_size = {
            node.shape[2:]: node for node in feature_map_nodes(graph) if node is not graph.input
        }
        chosen = [node for node in graph if node in by_size.values()]
    else:
        chosen = [graph[name] for name in layers]
    for node in chosen:
        if node not in feature_map_nodes(graph, least=1):
            raise UsageError(
                f"Layer {node.name!r} ({node.kind}) has no feature maps: its output has the shape "
                f"{node.shape}. Name a layer before the flattening."
            )
    return [FeatureMaps(node.name, node.kind, _array(node.value)[0]) for node in chosen]


def feature_map_nodes(graph: Graph, least: int = 2) -> list[Node]:
    """The nodes that hold feature maps (N, C, H, W), in the order of execution.

    Args:
        graph: Of a call with images.
        least: Pixels that a map must have.
    """
    found: list[Node] = []
    for node in graph:
        is_origin = node is graph.input or node.kind in CONVOLUTIONS
        comes_from_maps = node.kind not in NO_LONGER_MAPS and any(n in found for n in node.inputs)
        if len(node.shape) == 4 and node.depends_on_images and (is_origin or comes_from_maps):
            found.append(node)
    return [node for node in found if node.shape[2] * node.shape[3] >= least]


def first_kernels(network: nn.Module, shape: Sequence[int]) -> FirstKernels:
    """The kernels of the convolution that is executed first.

    Args:
        network: Left as found.
        shape: (channels, height, width) of an image.

    Raises:
        UsageError: The network has no convolution.
    """
    graph = capture(network, shape)
    for node in graph:
        if node.kind == "convolution" and len(node.shape) == 4 and "weight" in node.parameters:
            return FirstKernels(node.name, _array(graph.weights[node.parameters["weight"]]))
    raise UsageError(f"{graph.network} has no convolution, so there are no kernels to show.")


def _array(tensor: Tensor | None) -> NDArray[np.float32]:
    assert tensor is not None, "the images were real"  # noqa: S101
    array: NDArray[np.float32] = tensor.detach().float().cpu().numpy()
    return array
