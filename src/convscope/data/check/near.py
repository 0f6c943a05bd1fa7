"""Images that are copies of others: resized, compressed again, mirrored, brighter, cut or grey."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch

from convscope.data.check.alignment import compare_pairs, join_alignments
from convscope.data.check.neighbours import find_candidates
from convscope.data.check.thumbnails import SMALLEST, make_thumbnails, thumbnail_side, to_grey
from convscope.data.check.views import WINDOWS
from convscope.data.image_set import ImageSet

LARGEST_MISFIT = 0.83
"""Set so that on Fashion-MNIST, where many images look alike, 1 in 200 is taken for a copy."""

LOWEST_CORRELATION = 0.95
"""Images of little contrast differ by little even if they show different things."""

CUT = 0.97
"""A window smaller than this share of the image is called a part of it."""


@dataclass(frozen=True)
class NearPair:
    """Two images of which one seems to be a copy of the other.

    Attributes:
        first: Row of the one that comes first.
        second: Row of the other.
        similarity: Correlation of their brightness when they are laid over each other.
        mirrored: Whether one is the mirror image of the other.
        cut: Whether one shows a part of the other.
        misfit: The difference that is left, in units of what copying usually leaves.
    """

    first: int
    second: int
    similarity: float
    mirrored: bool
    cut: bool
    misfit: float

    def in_words(self) -> str:
        """How they differ, for a person."""
        changes = [
            *(["mirrored"] if self.mirrored else []),
            *(["one is a part of the other"] if self.cut else []),
        ]
        return ", ".join(changes) or "nearly the same"


def are_too_small(splits: Mapping[str, ImageSet]) -> bool:
    """Whether the images have too few pixels to tell copies from look-alikes."""
    return thumbnail_side(splits) < SMALLEST


def find_near_duplicates(
    splits: Mapping[str, ImageSet],
    rows: list[int],
    advance: Callable[[int], None] = lambda steps: None,
) -> list[NearPair]:
    """The pairs of images that are nearly the same, best first.

    Args:
        splits: All images; rows count through them in this order.
        rows: The images to look at, in rising order: those that are of one colour, and second
            copies that are the same to the bit, are better left out.
        advance: Called with the number of images just searched for.

    Returns:
        Each pair once.
    """
    if len(rows) < 2:
        return []
    images = make_thumbnails(splits, thumbnail_side(splits))[torch.tensor(rows)]
    brightness = to_grey(images)
    originals, copies, views = find_candidates(brightness, advance)
    grey = (images == images[:, :1]).flatten(1).all(dim=1)
    one_is_grey = grey[originals] != grey[copies]  # then colours say nothing
    compared = join_alignments(
        one_is_grey,
        *(
            compare_pairs(each, brightness, originals[those], copies[those], views[those])
            for each, those in ((brightness[:, None], one_is_grey), (images, ~one_is_grey))
        ),
    )
    alike = (compared.misfit <= LARGEST_MISFIT) & (compared.correlation >= LOWEST_CORRELATION)
    best: dict[tuple[int, int], NearPair] = {}
    for pair in torch.nonzero(alike)[:, 0].tolist():
        one, other = rows[int(originals[pair])], rows[int(copies[pair])]
        near = NearPair(
            min(one, other),
            max(one, other),
            float(compared.correlation[pair]),
            bool(views[pair] >= len(WINDOWS)),
            bool((compared.windows[pair, 1::2] < CUT).any()),
            float(compared.misfit[pair]),
        )
        known = best.get((near.first, near.second))
        if known is None or near.misfit < known.misfit:
            best[near.first, near.second] = near
    return sorted(best.values(), key=lambda each: each.misfit)
