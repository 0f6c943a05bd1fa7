"""Whether images are copies, or merely look alike, so that the search for copies can't tell.

Drawings, machine parts, cells, letters: one object on a plain ground, again and again. Every image
then is nearly the same as many others. Copies of one image are few, so it shows by the size of the
groups that belong together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

LARGEST_GROUP = (12, 0.1)
"""A group of more images than this, and than this share of all, isn't of copies of one image."""

MOST_OF_CLASS = 4
"""Nor is one of this many images or more that are over half of a class: few images make one."""


def size_of_look_alikes(
    images: int, groups: Sequence[Sequence[int]], labels: NDArray[np.integer]
) -> int:
    """How many images the largest group has that isn't of copies of one image; else 0.

    Args:
        images: How many there are in all.
        groups: Rows of those that were found to be nearly the same, directly or through others.
        labels: (N,): of the rows; rows behind them count for no class.
    """
    fewest, share = LARGEST_GROUP
    limit = max(fewest, share * images)
    sizes = np.bincount(labels)
    return max(
        (len(group) for group in groups if len(group) > limit or _is_class(group, labels, sizes)),
        default=0,
    )


def _is_class(
    group: Sequence[int], labels: NDArray[np.integer], sizes: NDArray[np.integer]
) -> bool:
    """Whether a group is most of a class."""
    inside = Counter(int(labels[row]) for row in group if row < len(labels))
    return any(
        number >= MOST_OF_CLASS and 2 * number > sizes[label] for label, number in inside.items()
    )


def merely_alike(size: int) -> str:
    """What to say of it, without what follows from it."""
    return (
        f"Many images look alike ({size:,} in one group), so near copies can't be told from others"
    )
