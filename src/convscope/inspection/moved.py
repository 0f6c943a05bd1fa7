"""Where the numbers of a rearranged tensor came from: slices, reshapes, permutations, padding."""

from __future__ import annotations

from math import prod

import numpy as np
import torch
from numpy.typing import NDArray

from convscope.inspection.graph import Node
from convscope.inspection.region import Extent, Region, between


def where_it_came_from(node: Node, source: int, region: Region) -> Region:
    """Numbers are moved, not changed, so the operation itself can be asked where each came from.

    It is run on the positions of the input, and again with all of them shifted by a constant: what
    shifts alike has come from there.
    """
    shape = node.inputs[source].shape
    places = torch.arange(1, prod(shape) + 1, dtype=torch.float64).reshape(shape)
    others = [torch.zeros(other.shape, dtype=torch.float64) for other in node.inputs]
    once, again = (
        node.replay(*others[:source], places + shift, *others[source + 1 :]).double()
        for shift in (0, places.numel())
    )
    came = (again - once == places.numel()).numpy()
    origin = np.where(came, once.numpy() - 1, 0).astype(np.int64)
    asked = came[np.ix_(*(extent.inside for extent in region))]
    found = origin[np.ix_(*(extent.inside for extent in region))][asked]
    seen = []
    for axis, (size, positions) in enumerate(
        zip(shape, np.unravel_index(found, shape), strict=True)
    ):
        inside = np.zeros(size, bool)
        inside[positions] = True
        moved = _moved_along(np.unravel_index(origin, shape)[axis], came, region)
        extent = between(inside)
        seen.append(extent if moved is None else Extent(inside, *moved))
    return tuple(seen)


def _moved_along(
    positions: NDArray[np.int64], came: NDArray[np.bool_], region: Region
) -> tuple[int, int] | None:
    """First and last, if the positions of an input's axis are those of one output axis, shifted."""
    for axis, extent in enumerate(region):
        numbers = np.arange(len(extent.inside)).reshape(-1, *[1] * (len(region) - axis - 1))
        shift = (positions - numbers)[came]
        if len(extent.inside) > 1 and shift.size and shift.min() == shift.max():
            return extent.first + int(shift[0]), extent.last + int(shift[0])
    return None
