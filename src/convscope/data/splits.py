"""Dividing images into parts in which every class has the same share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.intp]


def split_stratified(labels: NDArray[np.int64], share: float, seed: int) -> tuple[Rows, Rows]:
    """Choose a share of each class at random.

    Of a class with n ≥ 2 images, `share · n` (rounded) are chosen, but at least one, and at
    least one stays behind. A single image of a class stays behind.

    Args:
        labels: (N,), the class of each image.
        share: From 0 to 1, both excluded.
        seed: Decides which images.

    Returns:
        The positions that stay, and the positions chosen, both in rising order.
    """
    random = np.random.default_rng(seed)
    chosen = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        members = random.permutation(np.flatnonzero(labels == label))
        if len(members) >= 2:
            count = min(max(1, round(share * len(members))), len(members) - 1)
            chosen[members[:count]] = True
    return np.flatnonzero(~chosen), np.flatnonzero(chosen)


def keep_together(stay: Rows, chosen: Rows, groups: list[list[int]]) -> tuple[Rows, Rows]:
    """Move copies of an image to the side on which its first copy is.

    Args:
        stay: Positions that stay, in rising order.
        chosen: Positions that were chosen, in rising order.
        groups: Positions of images that are copies of one another.

    Returns:
        Both, changed. A side is never emptied: then nothing is changed.
    """
    side = dict.fromkeys(stay.tolist(), False) | dict.fromkeys(chosen.tolist(), True)
    for group in groups:
        present = [row for row in group if row in side]
        for row in present[1:]:
            side[row] = side[present[0]]
    sides = [np.array(sorted(row for row in side if side[row] is each)) for each in (False, True)]
    if any(len(each) == 0 for each in sides):
        return stay, chosen
    return sides[0].astype(np.intp), sides[1].astype(np.intp)


def split_groups_stratified(
    labels: NDArray[np.int64], rows: Rows, share: float, seed: int, groups: list[list[int]]
) -> tuple[Rows, Rows]:
    """`split_stratified`, with all images of a group on the same side.

    Groups and single images of a class are taken in random order as long as they fit into its
    share. Where none fits, the smallest is taken, if another stays. A class that is a single group
    stays behind. Without groups the choice is that of `split_stratified`.

    Args:
        labels: (N,), the class of each image.
        rows: Those to divide, in rising order.
        share: From 0 to 1, both excluded.
        seed: Decides which.
        groups: Rows that belong together; no row in two groups. Of a group with several classes,
            the class of the first row counts.

    Returns:
        The rows that stay, and those chosen, both in rising order.
    """
    random = np.random.default_rng(seed)
    available = set(rows.tolist())
    leader = {row: row for row in available}
    members: dict[int, list[int]] = {row: [row] for row in available}
    for group in groups:
        present = [row for row in group if row in available]
        for row in present:
            leader[row] = present[0]
        if present:
            members[present[0]] = present
    chosen: list[int] = []
    for label in np.unique(labels[rows]):
        order = random.permutation([row for row in rows.tolist() if labels[row] == label])
        units = [members[row] for row in order.tolist() if leader[row] == row]
        if len(units) < 2:
            continue
        wanted = min(max(1, round(share * len(order))), len(order) - 1)
        taken: list[list[int]] = []
        for unit in units:
            if sum(map(len, taken)) + len(unit) <= wanted and len(taken) < len(units) - 1:
                taken.append(unit)
        for unit in taken or [min(units, key=len)]:
            chosen += unit
    stay = sorted(available - set(chosen))
    return np.array(stay, dtype=np.intp), np.array(sorted(chosen), dtype=np.intp)
