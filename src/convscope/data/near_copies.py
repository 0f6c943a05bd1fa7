"""Images that belong on the same side where Convscope divides a data set: copies, exact and near.

Otherwise an image that was mirrored, cut or saved again could be learned and then asked for; so
could one that was cut from the same photograph at another place. But there are data sets whose
images merely all look alike, such as drawings or machine parts, and the search for near copies
can't tell these apart. It shows by groups that are too large for copies of one image, or most of a
class; then only exact copies count, or only copies of whole images where those of parts are too
many.
"""

from __future__ import annotations

import hashlib
import json

import numpy as np

from convscope.data.check.alike import merely_alike, size_of_look_alikes
from convscope.data.check.near import are_too_small, find_near_duplicates
from convscope.data.check.odd import find_flat_images
from convscope.data.check.overlaps import find_overlaps
from convscope.data.exact_duplicates import merge
from convscope.data.image_set import ImageSet
from convscope.data.mapped import pieces
from convscope.folders import cache_folder, keep_text

COMPARED_SIZE = 32
NEAR_LIMIT = 5000
"""Images up to which near copies are looked for: some twenty seconds of one thread, once."""

SEARCH = 3
"""Changes when the search may find other pairs in the same images."""


def add_near_copies(
    images: ImageSet, exact: list[list[int]]
) -> tuple[list[list[int]], tuple[str, ...]]:
    """Groups of rows that are copies of one another, and what to say about them.

    Args:
        images: The images to divide; of at most 32 pixels a side, they are compared as they are.
        exact: Groups of rows that are the same to the bit.
    """
    if len(images) > NEAR_LIMIT:
        note = (
            f"Near copies are kept in one split only for up to {NEAR_LIMIT:,} images; with more, "
            "exact copies are. Near ones are found by: convscope data DATA --check"
        )
        return exact, (note,)
    splits = {"train": images}
    if are_too_small(splits):
        return exact, ()
    again = {row for group in exact for row in group[1:]}
    flat = find_flat_images(images)
    rows = [row for row in range(len(images)) if row not in again and not flat[row]]
    copies, overlaps = _find_pairs(images, rows)
    near = merge(len(images), copies)
    alike = size_of_look_alikes(len(images), near, images.labels)
    if alike:
        return exact, (f"{merely_alike(alike)}; only exact copies are kept in one split",)
    with_parts = merge(len(images), copies, overlaps)
    if not size_of_look_alikes(len(images), with_parts, images.labels):
        near = with_parts
    groups = merge(len(images), exact, near)
    count = sum(map(len, near))
    notes = (
        (f"{count:,} images are near copies of others; each stays in one split with its copies",)
        if near
        else ()
    )
    return groups, notes


Pairs = list[tuple[int, int]]


def _find_pairs(images: ImageSet, rows: list[int]) -> tuple[Pairs, Pairs]:
    """The pairs of near copies and those cut from one image beside one another.

    From the cache where they were looked for before: a run that is evaluated, resumed and exported
    divides the same images again each time.
    """
    digest = hashlib.blake2b(repr((SEARCH, images.images.shape, rows)).encode(), digest_size=20)
    for part in pieces(images.images):
        digest.update(np.ascontiguousarray(part).data)
    file = cache_folder() / "near" / f"{digest.hexdigest()}.json"
    try:
        copies, overlaps = json.loads(file.read_text(encoding="utf-8"))
        return _as_pairs(copies), _as_pairs(overlaps)
    except (OSError, ValueError, TypeError, RecursionError):
        near = find_near_duplicates({"train": images}, rows)
        found = [(pair.first, pair.second) for pair in near], find_overlaps(images, rows)
    keep_text(file, json.dumps(found))
    return found


def _as_pairs(found: list[list[int]]) -> Pairs:
    return [(int(first), int(second)) for first, second in found]
