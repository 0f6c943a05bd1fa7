"""The receptive field of whole layers: its size, and how it moves from unit to unit.

The rules of `reach` are asked about the first and the next unit along each axis, which tells the
window an operation has there and its stride, whatever the operation is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from convscope.definitions.counting import ReceptiveField, Window
from convscope.graph.graph import Graph, Node
from convscope.graph.reach import looks_at
from convscope.graph.region import Extent, Region, everything


@dataclass(frozen=True)
class LayerField:
    """What the units of a layer see of the image, as if it went on beyond its border.

    The unit in row i and column j sees the rows from start[0] + i · stride[0] on and the columns
    from start[1] + j · stride[1] on, size[0] × size[1] pixels.

    Attributes:
        size: (height, width) of the field; the largest where units differ.
        stride: (rows, columns) from one unit's field to the next; None where the units are not
            arranged in maps or see all the same.
        start: (row, column) where the field of the first unit begins.
        whole_image: Whether every unit sees all of the image.
    """

    size: tuple[int, int]
    stride: tuple[int, int] | None
    start: tuple[int, int]
    whole_image: bool

    def as_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "size": list(self.size),
            "stride": None if self.stride is None else list(self.stride),
            "start": list(self.start),
            "whole_image": self.whole_image,
        }


class _Seen(NamedTuple):
    """What a layer sees along one axis of the image.

    Attributes:
        field: The field of its first unit; the stride is 0 where it does not move regularly.
        axis: The layer's axis along which it moves, or None.
        first: The first pixel that any unit sees.
        last: The last pixel that any unit sees.
    """

    field: ReceptiveField
    axis: int | None
    first: int
    last: int


def layer_fields(graph: Graph) -> dict[Node, LayerField]:
    """The receptive field of every operation that depends on the image.

    Args:
        graph: From `capture`.
    """
    seen: dict[Node, tuple[_Seen, _Seen]] = {}
    for node in graph:
        if node is graph.input:
            axes = (len(node.shape) - 2, len(node.shape) - 1)
            rows, columns = (_regular(node, a, ReceptiveField()) for a in axes)
            seen[node] = rows, columns
        elif node.depends_on_images:
            sources = [i for i, source in enumerate(node.inputs) if source in seen]
            behind = [[_behind(node, i, each) for each in seen[node.inputs[i]]] for i in sources]
            rows, columns = (_joined(node, list(parts)) for parts in zip(*behind, strict=True))
            seen[node] = rows, columns
    height, width = graph.input.shape[-2:]
    return {node: _as_field(*both, height, width) for node, both in seen.items()}


def _as_field(rows: _Seen, columns: _Seen, height: int, width: int) -> LayerField:
    moves = rows.axis is not None and columns.axis is not None
    same = rows.field.size > rows.last - rows.first and columns.field.size > (
        columns.last - columns.first
    )
    covered = max(rows.first, columns.first) <= 0 and (
        rows.last >= height - 1 and columns.last >= width - 1
    )
    return LayerField(
        size=(rows.field.size, columns.field.size),
        stride=(rows.field.stride, columns.field.stride) if moves else None,
        start=(rows.field.start, columns.field.start),
        whole_image=same and covered,
    )


def _regular(node: Node, axis: int, field: ReceptiveField) -> _Seen:
    last = field.start + (node.shape[axis] - 1) * field.stride + field.size - 1
    return _Seen(field, axis, field.start, last)


def _irregular(size: int, start: int, first: int, last: int) -> _Seen:
    return _Seen(ReceptiveField(size, 0, start), None, first, last)


def _everything(seen: _Seen) -> _Seen:
    return _irregular(seen.last - seen.first + 1, seen.first, seen.first, seen.last)


def _behind(node: Node, source: int, seen: _Seen) -> _Seen:
    """What `node` sees through one of its inputs."""
    if seen.axis is not None:
        for axis in range(len(node.shape) - 1, -1, -1):
            window = _window(node, source, seen.axis, axis)
            if window is not None:
                return _regular(node, axis, seen.field.behind(window))
    one_unit = tuple(_at(0, size) for size in node.shape)
    looked_at = looks_at(node, source, one_unit)
    if all(extent.first == extent.last for extent in looked_at):  # as flattening does
        return _irregular(seen.field.size, seen.field.start, seen.first, seen.last)
    return _everything(seen)


def _window(node: Node, source: int, along: int, axis: int) -> Window | None:
    """The window that moves along `axis` of the output and `along` of the input, if one does."""

    def looked_at(index: int) -> Extent:
        region: Region = everything(node.shape)
        region = (*region[:axis], _at(index, node.shape[axis]), *region[axis + 1 :])
        return looks_at(node, source, region)[along]

    first, following, last = (looked_at(i) for i in (0, 1, node.shape[axis] - 1))
    size, stride = first.last - first.first + 1, following.first - first.first
    for index, extent in ((1, following), (node.shape[axis] - 1, last)):
        start = first.first + index * stride
        if (extent.first, extent.last) != (start, start + size - 1):
            return None
    return Window(kernel=size, stride=stride, padding=-first.first) if stride > 0 else None


def _at(index: int, size: int) -> Extent:
    return Extent(np.arange(size) == index, index, index)


def _joined(node: Node, parts: list[_Seen]) -> _Seen:
    """What is seen through any of the inputs."""
    first, last = min(part.first for part in parts), max(part.last for part in parts)
    moving = {(part.axis, part.field.stride) for part in parts}
    if len(moving) > 1:  # one input sees the same everywhere, so all is seen everywhere
        return _everything(_irregular(0, 0, first, last))
    axis, stride = moving.pop()
    start = min(part.field.start for part in parts)
    size = max(part.field.start + part.field.size for part in parts) - start
    if axis is None:
        return _irregular(size, start, first, last)
    return _regular(node, axis, ReceptiveField(size, stride, start))
