"""A part of a tensor: a set of positions along each axis, and all numbers at such positions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Extent(NamedTuple):
    """Positions along one axis.

    Attributes:
        inside: bool (size of the axis): the positions that are meant.
        first: Their beginning if the axis went on at both ends, so below 0 in the padding.
        last: Their end, likewise.
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


def joined(one: Region | None, other: Region) -> Region:
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
