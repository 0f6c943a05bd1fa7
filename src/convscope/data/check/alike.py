"""Whether images are copies, or merely look alike, so that the search for copies can't tell.

Drawings, machine parts, cells, letters: one object on a plain ground, again and again. Every image
then is nearly the same as many others. Copies of one image are few, so it shows by the size of the
groups that belong together.
"""

from __future__ import annotations

from collections.abc import Sequence

LARGEST_GROUP = (12, 0.1)
"""A group of more images than this, and than this share of all, isn't of copies of one image."""


def size_of_look_alikes(images: int, groups: Sequence[Sequence[int]]) -> int:
    """How many images the largest group has, if it is too large for copies of one image; else 0.

    Args:
        images: How many there are in all.
        groups: Those that were found to be nearly the same, directly or through others.
    """
    fewest, share = LARGEST_GROUP
    largest = max(map(len, groups), default=0)
    return largest if largest > max(fewest, share * images) else 0


def merely_alike(size: int) -> str:
    """What to say of it, without what follows from it."""
    return (
        f"Many images look alike ({size:,} in one group), so near copies can't be told from others"
    )
