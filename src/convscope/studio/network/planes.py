"""The numbers of a layer as planes: feature maps, or its numbers in rows."""

from __future__ import annotations

from math import ceil, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.definitions.arrays import as_float
from convscope.errors import UsageError
from convscope.graph.graph import Node
from convscope.inspection.feature_maps.feature_maps import feature_map_nodes
from convscope.studio.network.subject import InspectedSubject
from convscope.studio.numbers import send_array
from convscope.studio.refusals import refuse

AT_ONCE = 64
"""Planes of one answer."""
THUMBNAIL = 48
"""Most pixels of a thumbnail's side; larger maps are averaged down to it."""
COLUMNS = 32
"""Numbers in a row, of a layer that has no maps."""


def why_no_planes(node: Node) -> str | None:
    """Why a layer's numbers can't be shown; None: they can."""
    if node.value is None or not node.value.is_floating_point():
        return "type"
    if not node.depends_on_images:
        return "constant"
    if not 1 <= len(node.unit_shape) <= 3 or 0 in node.unit_shape:
        return "shape"
    return None


def find_layer(subject: InspectedSubject, name: str) -> Node:
    """The layer of that name.

    Raises:
        Refused: There is none.
    """
    try:
        return subject.graph[name]
    except UsageError as error:
        raise refuse("refused.network.layer", reason=str(error)) from None


def layer_numbers(subject: InspectedSubject, name: str) -> tuple[Node, NDArray[np.float64]]:
    """A layer, and its numbers without the batch axis, float64.

    Raises:
        Refused: There is no such layer, or it can't be shown.
    """
    node = find_layer(subject, name)
    reason = why_no_planes(node)
    if reason is not None:
        shape = " × ".join(map(str, node.unit_shape)) or "1"
        raise refuse(f"refused.network.{reason}", layer=node.name, kind=node.kind, shape=shape)
    assert node.value is not None  # noqa: S101
    value = node.value.double().cpu()
    one = value if node.batch_axis is None else value.select(node.batch_axis, 0)
    return node, as_float(one.numpy())


def thumbnails(subject: InspectedSubject, name: str, start: int) -> dict[str, Any]:
    """Some planes of a layer, small, with the range of all.

    Args:
        subject: The network and the image.
        name: The layer.
        start: The first plane that is wanted.
    """
    node, numbers = layer_numbers(subject, name)
    planes = as_planes(numbers)
    start = max(0, min(start, len(planes) - 1)) // AT_ONCE * AT_ONCE
    some = planes[start : start + AT_ONCE]
    finite = numbers[np.isfinite(numbers)]
    return {
        "layer": node.name,
        "kind": node.kind,
        "shape": list(node.unit_shape),
        "maps": node in feature_map_nodes(subject.graph, least=1),
        "count": len(planes),
        "start": start,
        "at_once": AT_ONCE,
        "reduced": max(planes.shape[1:]) > THUMBNAIL,
        "lowest": float(finite.min()) if finite.size else None,
        "highest": float(finite.max()) if finite.size else None,
        "not_finite": int(numbers.size - finite.size),
        "thumbnails": send_array(small(some)),
    }


def plane(subject: InspectedSubject, name: str, channel: int) -> dict[str, Any]:
    """One plane of a layer, every number of it.

    Raises:
        Refused: There is no such layer or plane, or it can't be shown.
    """
    node, numbers = layer_numbers(subject, name)
    planes = as_planes(numbers)
    if not 0 <= channel < len(planes):
        raise refuse("refused.network.channel", layer=node.name, given=channel, count=len(planes))
    return {"layer": node.name, "channel": channel, "plane": send_array(planes[channel][None])}


def as_planes(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """(planes, rows, columns). Single numbers stand in rows; what the last one lacks is NaN."""
    if numbers.ndim == 3:
        return numbers
    if numbers.ndim == 2:
        return numbers[None]
    columns = min(COLUMNS, len(numbers)) if len(numbers) <= COLUMNS**2 else ceil(sqrt(len(numbers)))
    rows = ceil(len(numbers) / columns)
    filled = np.full(rows * columns, np.nan)
    filled[: len(numbers)] = numbers
    return filled.reshape(1, rows, columns)


def small(planes: NDArray[np.float64]) -> NDArray[np.float64]:
    """The planes, or their means over areas where they are larger than a thumbnail."""
    import torch

    rows, columns = (min(side, THUMBNAIL) for side in planes.shape[1:])
    if (rows, columns) == planes.shape[1:]:
        return planes
    mean = torch.nn.functional.adaptive_avg_pool2d(torch.from_numpy(planes.copy()), (rows, columns))
    return as_float(mean.numpy())
