"""What each unit of a layer sees along one axis of the image, where it doesn't move by a stride.

A range is the least that holds all pixels that a unit sees. Through an operation, a unit's range
holds those of all the units that it looks at. Numbers that are only moved keep theirs; of other
operations `reach` says, axis by axis, which positions each unit looks at.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from convscope.graph.graph import Node
from convscope.graph.operations.moving import find_origins
from convscope.graph.operations.table import find
from convscope.graph.reach import looks_at
from convscope.graph.region import Extent, Region

Numbers = NDArray[np.int64]

NOTHING = 2**40
"""Where the range of a unit that sees no pixel begins; it ends at minus that."""

MOST_ASKED = 10**8
"""Numbers that an operation without a rule computes at most, to be asked unit by unit."""


class UnitRanges(NamedTuple):
    """What each unit of a layer sees along one axis of the image.

    Attributes:
        firsts: The first pixel, with as many axes as the layer has; of size 1 along axes that it
            doesn't depend on.
        lasts: The last pixel, likewise shaped.
    """

    firsts: Numbers
    lasts: Numbers

    @classmethod
    def along(cls, axis: int, axes: int, firsts: Numbers, size: int) -> UnitRanges:
        """Ranges of one size that depend on the place along one axis, of so many."""
        shape = [1] * axes
        shape[axis] = -1
        shaped = firsts.astype(np.int64).reshape(shape)
        return cls(shaped, shaped + size - 1)

    @property
    def largest(self) -> int:
        """The size of the largest range."""
        return max(int((self.lasts - self.firsts).max()) + 1, 0)

    @property
    def start(self) -> int:
        """Where the range of the first unit that sees a pixel begins."""
        seeing = self.firsts[self.firsts < NOTHING]
        return int(seeing[0]) if seeing.size else 0

    @property
    def only_axis(self) -> int | None:
        """The axis along which the ranges differ, if it is one alone."""
        axes = [axis for axis, size in enumerate(self.firsts.shape) if size > 1]
        return axes[0] if len(axes) == 1 else None

    def are_all_of(self, size: int) -> bool:
        """Whether all are the same range, and cover an image of this size."""
        return self.firsts.size == 1 and self.firsts.item() <= 0 and self.lasts.item() >= size - 1

    def joined(self, other: UnitRanges) -> UnitRanges:
        """The least ranges that hold both."""
        return UnitRanges(
            np.minimum(self.firsts, other.firsts), np.maximum(self.lasts, other.lasts)
        ).collapsed()

    def collapsed(self) -> UnitRanges:
        """The same with size 1 along axes that they don't depend on."""
        firsts, lasts = self.firsts, self.lasts
        for axis, size in enumerate(firsts.shape):
            one = firsts.take([0], axis), lasts.take([0], axis)
            if size > 1 and (firsts == one[0]).all() and (lasts == one[1]).all():
                firsts, lasts = one
        return UnitRanges(firsts, lasts)


def follow_ranges(node: Node, source: int, ranges: Sequence[UnitRanges]) -> list[UnitRanges]:
    """What the units of `node` see through one of its inputs.

    Args:
        node: The operation.
        source: Which of `node.inputs`.
        ranges: What the numbers of that input see, along some axes of the image.
    """
    if find(node.kind).family == "moving":
        came = find_origins(node, source)
        if came is not None:
            return [_moved(each, came, node.inputs[source].shape) for each in ranges]
    looks = _Looks(node, source)
    return [_gathered(each, looks) for each in ranges]


def _moved(ranges: UnitRanges, came: Numbers, shape: tuple[int, ...]) -> UnitRanges:
    firsts, lasts = (np.broadcast_to(each, shape).ravel()[came] for each in ranges)
    outside = came < 0
    firsts[outside], lasts[outside] = NOTHING, -NOTHING
    return UnitRanges(firsts, lasts).collapsed()


class _Looks:
    """Which positions along an axis of an input the units of an operation look at."""

    def __init__(self, node: Node, source: int) -> None:
        self.node = node
        self._source = source
        self._first = self._ask((0,) * len(node.shape))
        self._last = self._ask(tuple(size - 1 for size in node.shape))
        self._by_rule = find(node.kind).looks_at is not None

    def _ask(self, unit: Sequence[int]) -> Region:
        region = tuple(
            Extent(np.arange(size) == index, index, index)
            for index, size in zip(unit, self.node.shape, strict=True)
        )
        return looks_at(self.node, self._source, region)

    def along(self, axis: int) -> tuple[int | None, NDArray[np.bool_]]:
        """On which axis of the output it depends, and the positions for each place there."""
        base, end = self._first[axis].inside, self._last[axis].inside
        if (base.all() and end.all()) or (np.array_equal(base, end) and self._is_rigid(axis)):
            return None, base[None]
        shape = self.node.shape
        for own in range(len(shape) - 1, -1, -1):
            if shape[own] == 1:
                continue
            probes = {1, shape[own] // 2, shape[own] - 1}
            at = [self._unit(own, place, axis) for place in probes]
            if all(np.array_equal(base, inside) for inside in at):
                continue
            if not self._by_rule and shape[own] * np.prod(shape, dtype=float) > MOST_ASKED:
                break
            return own, np.stack([self._unit(own, place, axis) for place in range(shape[own])])
        return None, np.ones((1, len(base)), bool)

    def _is_rigid(self, axis: int) -> bool:
        """Whether a unit in the middle looks at the same positions, too."""
        middle = self._ask([size // 2 for size in self.node.shape])
        return np.array_equal(middle[axis].inside, self._first[axis].inside)

    def _unit(self, own: int, place: int, axis: int) -> NDArray[np.bool_]:
        unit = [0] * len(self.node.shape)
        unit[own] = place
        return self._ask(unit)[axis].inside


def _gathered(ranges: UnitRanges, looks: _Looks) -> UnitRanges:
    """The ranges of all that each unit looks at.

    Axis by axis, those of the input are replaced by those of the output.
    """
    shape = ranges.firsts.shape
    axes = len(looks.node.shape)
    both = (*shape, *[1] * max(axes, 1))
    firsts, lasts = ranges.firsts.reshape(both), ranges.lasts.reshape(both)
    for axis in (axis for axis, size in enumerate(shape) if size > 1):
        own, looked = looks.along(axis)
        at = len(shape) + (own or 0)
        if firsts.shape[at] > 1:  # it follows another axis of the input, too, as in a diagonal
            looked = np.ones((1, shape[axis]), bool)
        rows = looked.reshape(len(looked), *[-1 if a == axis else 1 for a in range(len(both))])
        low = [np.where(row, firsts, NOTHING).min(axis, keepdims=True) for row in rows]
        high = [np.where(row, lasts, -NOTHING).max(axis, keepdims=True) for row in rows]
        firsts, lasts = np.concatenate(low, at), np.concatenate(high, at)
    after = firsts.shape[len(shape) : len(shape) + axes]
    return UnitRanges(firsts.reshape(after), lasts.reshape(after)).collapsed()
