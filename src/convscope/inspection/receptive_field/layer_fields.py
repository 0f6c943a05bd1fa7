"""The receptive field of whole layers: its size, and how it moves from unit to unit.

The rules of `reach` are asked about the first and the next unit along each axis, which tells the
window an operation has there and its stride, whatever the operation is. Where fields don't move by
a stride (behind adaptive pooling, resizing, or in tokens), each unit's is kept; see `unit_ranges`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, NamedTuple

import numpy as np

from convscope.definitions.counting import ReceptiveField, Window
from convscope.graph.graph import Graph, Node
from convscope.graph.operations.table import find
from convscope.graph.reach import is_exact, looks_at
from convscope.graph.region import Extent, Region, everything
from convscope.inspection.receptive_field.unit_ranges import UnitRanges, follow_ranges


@dataclass(frozen=True)
class LayerField:
    """What the units of a layer see of the image, as if it went on beyond its border.

    The unit in row i and column j sees the rows from start[0] + i · stride[0] on and the columns
    from start[1] + j · stride[1] on, size[0] × size[1] pixels.

    Attributes:
        size: (height, width) of the field; the largest where units differ.
        stride: (rows, columns) from one unit's field to the next; None where the units are not
            arranged in maps, see all the same, or move irregularly.
        start: (row, column) where the field of the first unit begins.
        whole_image: Whether every unit sees all of the image.
        is_known: Whether it is known; if not, the field is the largest that it can be.
    """

    size: tuple[int, int]
    stride: tuple[int, int] | None
    start: tuple[int, int]
    whole_image: bool
    is_known: bool = True

    def as_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "size": list(self.size),
            "stride": None if self.stride is None else list(self.stride),
            "start": list(self.start),
            "whole_image": self.whole_image,
            "is_known": self.is_known,
        }


class _Moving(NamedTuple):
    """What a layer sees along one axis of the image, where it moves by a stride.

    Attributes:
        field: The field of its first unit.
        axis: The layer's axis along which it moves.
    """

    field: ReceptiveField
    axis: int

    def as_ranges(self, node: Node) -> UnitRanges:
        """The range of every unit of `node`."""
        return UnitRanges.along(
            self.axis,
            len(node.shape),
            self.field.start + self.field.stride * np.arange(node.shape[self.axis]),
            self.field.size,
        )


_Seen = _Moving | UnitRanges


def layer_fields(graph: Graph) -> dict[Node, LayerField]:
    """The receptive field of every operation that depends on the image.

    Args:
        graph: From `capture`.
    """
    seen: dict[Node, tuple[_Seen, _Seen]] = {}
    known: dict[Node, bool] = {}
    for node in graph:
        if node is graph.input:
            axes = (len(node.shape) - 2, len(node.shape) - 1)
            rows, columns = (_Moving(ReceptiveField(), axis) for axis in axes)
            seen[node], known[node] = (rows, columns), True
        elif node.depends_on_images:
            sources = [i for i, source in enumerate(node.inputs) if source in seen]
            seen[node] = _through_all(node, {i: seen[node.inputs[i]] for i in sources})
            known[node] = is_exact(node) and all(known[node.inputs[i]] for i in sources)
    height, width = graph.input.shape[-2:]
    return {
        node: _as_field(node, *both, (height, width), is_known=known[node])
        for node, both in seen.items()
    }


def _as_field(
    node: Node, rows: _Seen, columns: _Seen, image: tuple[int, int], *, is_known: bool
) -> LayerField:
    ranges = [_ranges(node, each) for each in (rows, columns)]
    strides = [each.field.stride for each in (rows, columns) if isinstance(each, _Moving)]
    return LayerField(
        size=(ranges[0].largest, ranges[1].largest),
        stride=(strides[0], strides[1]) if len(strides) == 2 else None,
        start=(ranges[0].start, ranges[1].start),
        whole_image=all(r.are_all_of(size) for r, size in zip(ranges, image, strict=True)),
        is_known=is_known,
    )


def _through_all(node: Node, sources: dict[int, tuple[_Seen, _Seen]]) -> tuple[_Seen, _Seen]:
    """What `node` sees through any of these of its inputs, in rows and columns."""
    given = [[_ranges(node.inputs[i], each) for each in both] for i, both in sources.items()]
    limits = [_limits(parts) for parts in zip(*given, strict=True)]
    behind = []
    for source in reversed(sources):  # attention's values and keys, which are seen whole, first
        behind.append(_behind(node, source, sources[source]))
        if all(map(_is_whole, behind[-1], limits)):
            break
    rows, columns = (_joined(node, list(parts)) for parts in zip(*behind, strict=True))
    return rows, columns


def _limits(parts: Sequence[UnitRanges]) -> tuple[int, int]:
    """The first and last pixel that is seen through any of the inputs."""
    return min(int(part.firsts.min()) for part in parts), max(int(p.lasts.max()) for p in parts)


def _is_whole(seen: _Seen, limits: tuple[int, int]) -> bool:
    """Whether all units see all that they could, whatever else they look at."""
    if isinstance(seen, _Moving) or seen.firsts.size > 1:
        return False
    return (seen.firsts.item(), seen.lasts.item()) == limits


def _ranges(node: Node, seen: _Seen) -> UnitRanges:
    return seen.as_ranges(node) if isinstance(seen, _Moving) else seen


def _behind(node: Node, source: int, seen: tuple[_Seen, _Seen]) -> list[_Seen]:
    """What `node` sees through one of its inputs, in rows and columns."""
    found: list[_Seen | None] = [
        _through_window(node, source, each) if isinstance(each, _Moving) else None for each in seen
    ]
    if None not in found:
        return [each for each in found if each is not None]
    ranges = [_ranges(node.inputs[source], each) for each in seen]
    followed = follow_ranges(node, source, ranges)
    return [
        _moving(each) if window is None else window
        for window, each in zip(found, followed, strict=True)
    ]


def _through_window(node: Node, source: int, seen: _Moving) -> _Moving | None:
    kind = find(node.kind)
    if kind.looks_at is None or (kind.family == "moving" and kind.name != "padding"):
        return None  # each unit's own is found faster than windows are
    for axis in range(len(node.shape) - 1, -1, -1):
        window = _window(node, source, seen.axis, axis)
        if window is not None:
            return _Moving(seen.field.behind(window), axis)
    return None


def _moving(ranges: UnitRanges) -> _Seen:
    """Ranges that move by a stride along one axis, as such."""
    axis = ranges.only_axis
    if axis is None:
        return ranges
    firsts, sizes = ranges.firsts.ravel(), (ranges.lasts - ranges.firsts).ravel() + 1
    strides = np.diff(firsts)
    if strides.min() != strides.max() or sizes.min() != sizes.max() or not strides[0] > 0:
        return ranges
    if sizes[0] < 1:
        return ranges
    return _Moving(ReceptiveField(int(sizes[0]), int(strides[0]), int(firsts[0])), axis)


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
    moving = [part for part in parts if isinstance(part, _Moving)]
    if len(moving) == len(parts) and len({(p.axis, p.field.stride) for p in moving}) == 1:
        axis, stride = moving[0].axis, moving[0].field.stride
        start = min(part.field.start for part in moving)
        stop = max(part.field.start + part.field.size for part in moving)
        return _Moving(ReceptiveField(stop - start, stride, start), axis)
    return reduce(UnitRanges.joined, (_ranges(node, part) for part in parts))
