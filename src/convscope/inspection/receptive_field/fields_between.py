"""What a unit sees of every layer between the image and itself, in theory and by gradients.

The theoretical field of a unit on a layer holds the places whose numbers can reach it; the
effective one says how much each of them matters. One way backwards finds both for all layers.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn, zeros_like

from convscope.graph.capture import capture
from convscope.graph.graph import Graph, Node
from convscope.graph.region import Region
from convscope.inspection.receptive_field.unit_field import check_unit, regions_seen


@dataclass(frozen=True)
class FieldBetween:
    """What a unit sees of one layer.

    Attributes:
        layer: The layer's name.
        kind: Its operation.
        shape: Its output's shape, without the batch axis.
        rows: bool (height): the rows that can reach the unit. None where there are no maps.
        columns: bool (width): the same for columns.
        channels: How many channels can reach it; of layers without maps, how many numbers.
        effective: (height, width): the sum over the channels of the absolute gradients of the unit
            in the layer's numbers, or (numbers,) where there are no maps.
    """

    layer: str
    kind: str
    shape: tuple[int, ...]
    rows: NDArray[np.bool_] | None = field(repr=False)
    columns: NDArray[np.bool_] | None = field(repr=False)
    channels: int
    effective: NDArray[np.float64] = field(repr=False)


def fields_between(
    network: nn.Module, image: Tensor, layer: str, unit: tuple[int, ...]
) -> list[FieldBetween]:
    """What a unit sees of every layer that it is computed from, the image first, itself last.

    Args:
        network: Left as found.
        image: (1, channels, height, width), as the network is given it.
        layer: Name of the unit's layer.
        unit: (channel, row, column), or (number,) where there are no maps.

    Raises:
        UsageError: No such layer or unit, or one that does not depend on the image.
    """
    graph = capture(network, image, gradients=True)
    node = graph[layer]
    index = check_unit(node, unit)
    regions = regions_seen(graph, node, index)
    seen = [each for each in graph if _is_seen(regions.get(each)) and _has_numbers(each)]
    assert node.value is not None, "real images leave values"  # noqa: S101
    seed = zeros_like(node.value)
    seed[node.full_index(index)] = 1
    gradients = graph.gradients(node, seen, seed)
    return [
        _field(graph, each, regions[each], gradient)
        for each, gradient in zip(seen, gradients, strict=True)
    ]


def _is_seen(region: Region | None) -> bool:
    return region is not None and all(extent.inside.any() for extent in region)


def _has_numbers(node: Node) -> bool:
    return node.value is not None and node.value.is_floating_point() and len(node.unit_shape) > 0


def _field(graph: Graph, node: Node, region: Region | None, gradient: Tensor) -> FieldBetween:
    assert region is not None  # noqa: S101 - only those that are seen were kept
    size = gradient.abs().double().cpu().numpy()
    if node.batch_axis is not None:
        size = size.take(0, axis=node.batch_axis)
        region = tuple(e for axis, e in enumerate(region) if axis != node.batch_axis)
    if len(node.unit_shape) != 3:
        count = int(np.prod([extent.inside.sum() for extent in region]))
        return FieldBetween(
            node.name, node.kind, node.unit_shape, None, None, count, size.reshape(-1)
        )
    channels, rows, columns = (extent.inside for extent in region)
    return FieldBetween(
        node.name, node.kind, node.unit_shape, rows, columns, int(channels.sum()), size.sum(0)
    )
