"""A part of a tensor: a set of positions along each axis, and all numbers at such positions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Extent(NamedTuple):
    """Positions along one axis.

    Attributes:
        inside: bool (size of the axis): the positions that are meant.
        first: Their beginning if the axis went on at both ends, so below 0 in the padding.
        last: Their end if the axis went on.
    """

    inside: NDArray[np.bool_]
    first: int
    last: int

    def joined(self, other: Extent) -> Extent:
        """The positions of both."""
        return Extent(
            self.inside | other.inside,
            min(self.first, other.first),
            max(self.last, other.last),
        )


Region = tuple[Extent, ...]


def everything(shape: Sequence[int]) -> Region:
    """All positions of a tensor of this shape."""
    return tuple(whole(size) for size in shape)


def join_regions(one: Region | None, other: Region) -> Region:
    """The least region that holds both."""
    if one is None:
        return other
    return tuple(a.joined(b) for a, b in zip(one, other, strict=True))


def whole(size: int) -> Extent:
    """All positions of an axis of this size."""
    return Extent(np.ones(size, bool), 0, size - 1)


def between(inside: NDArray[np.bool_]) -> Extent:
    """These positions, of an axis that does not go on at its ends."""
    found = np.flatnonzero(inside)
    return Extent(inside, int(found[0]), int(found[-1])) if len(found) else Extent(inside, 0, 0)


def group(extent: Extent, size: int, groups: int) -> Extent:
    """The channels, of so many, of the groups that these channels belong to."""
    asked = extent.inside.reshape(groups, -1).any(axis=1)
    return between(np.repeat(asked, size // groups))


def all_along(region: Region, axes: Iterable[int]) -> Region:
    """The region with all positions along these axes."""
    asked = {axis % len(region) for axis in axes}
    return tuple(
        whole(len(extent.inside)) if axis in asked else extent for axis, extent in enumerate(region)
    )


def align_region(region: Region, shape: Sequence[int]) -> Region:
    """The same positions in an input; where it has a single one, that is repeated."""
    return tuple(
        whole(1) if size == 1 and len(extent.inside) > 1 else extent
        for size, extent in zip(shape, region[len(region) - len(shape) :], strict=True)
    )
