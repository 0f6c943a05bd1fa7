"""Images that are there more than once, to the last bit."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Iterable, Sequence

import numpy as np

from convscope.data.image_set import ImageSet
from convscope.data.mapped import pieces

SAMPLES = 512
"""Bytes of an image that are looked at first; few distinct images agree in all of them."""


def group_by_key(keys: Sequence[Hashable], rows: Iterable[int]) -> list[list[int]]:
    """The rows that have the same key, where there are at least two.

    Args:
        keys: The key of each row.
        rows: The rows to look at, in rising order.

    Returns:
        Groups of rising rows, in the order of their first ones.
    """
    members: dict[Hashable, list[int]] = {}
    for row in rows:
        members.setdefault(keys[row], []).append(row)
    return [each for each in members.values() if len(each) > 1]


def split_groups(found: list[list[int]], digest: Callable[[int], Hashable]) -> list[list[int]]:
    """Groups within groups: the rows whose digest is the same too."""
    finer: list[list[int]] = []
    for group in found:
        digests = [digest(row) for row in group]
        finer += [[group[i] for i in each] for each in group_by_key(digests, range(len(group)))]
    return finer


def find_same_pixels(sets: Sequence[ImageSet]) -> list[list[int]]:
    """Groups of rows whose images are the same.

    Args:
        sets: Images of one shape; rows count through all of them.
    """
    arrays = [images.images for images in sets]
    stride = max(1, arrays[0][0].size // SAMPLES)
    keys = [
        image.reshape(-1)[::stride].tobytes()
        for each in arrays
        for part in pieces(each)
        for image in part
    ]
    place = [(each, row) for each in arrays for row in range(len(each))]

    def digest(row: int) -> bytes:
        images, position = place[row]
        return hashlib.blake2b(images[position].tobytes(), digest_size=16).digest()

    return split_groups(group_by_key(keys, range(len(keys))), digest)


def merge(count: int, *links: Iterable[Sequence[int]]) -> list[list[int]]:
    """Groups of rows that belong together directly or through others (union-find).

    Args:
        count: Rows there are.
        links: Rows that belong together.

    Returns:
        Groups of at least two rising rows, in the order of their first ones.
    """
    parent = np.arange(count)

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = int(parent[row])
        return row

    for group in (group for each in links for group in each):
        first = root(group[0])
        for row in group[1:]:
            one, other = sorted((first, root(row)))
            parent[other] = first = one
    members: dict[int, list[int]] = {}
    for row in range(count):
        members.setdefault(root(row), []).append(row)
    return [group for group in members.values() if len(group) > 1]
