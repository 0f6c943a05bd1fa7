"""Where the numbers of a rearranged tensor came from: slices, reshapes, permutations, padding."""

from __future__ import annotations

from math import prod

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from convscope.graph.graph import Node
from convscope.graph.region import Extent, Region, between, everything

_WITH_INDICES = ("slice", "repetition", "reordering", "assignment")


def is_index(node: Node, source: int) -> bool:
    """Whether an input says where numbers go, rather than being moved itself."""
    whole = not node.inputs[source].dtype.is_floating_point
    return whole and source > 0 and node.kind in _WITH_INDICES


def blank_inputs(node: Node) -> list[Tensor] | None:
    """Zeros in place of the inputs, to run an operation on; indices stay as they are.

    Returns:
        One tensor for each of `node.inputs`; None if an index is not known, as in a graph without
        values.
    """
    blank = []
    for source, other in enumerate(node.inputs):
        if not is_index(node, source):
            blank.append(torch.zeros(other.shape, dtype=torch.float64))
        elif other.value is None:
            return None
        else:
            blank.append(other.value.cpu())
    return blank


def where_it_came_from(node: Node, source: int, region: Region) -> Region:
    """Numbers are moved, not changed, so the operation itself can be asked where each came from.

    It is run on the positions of the input, and again with all of them shifted by a constant: what
    shifts alike has come from there. Where the operation cannot be run, all is taken to be seen.
    """
    shape = node.inputs[source].shape
    others = blank_inputs(node)
    if others is None or is_index(node, source):
        return everything(shape)
    places = torch.arange(1, prod(shape) + 1, dtype=torch.float64).reshape(shape)
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
