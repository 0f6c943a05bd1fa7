"""Images that show nothing, and files whose sizes are far from the others'."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from convscope.data.check.files import FileFacts
from convscope.data.check.finding import DataFinding, Place
from convscope.data.image_set import ImageSet
from convscope.data.mapped import pieces

FLAT = 8
"""Grey levels: where no channel varies by more, there is nothing to be seen."""

FAR = 4.0
"""A side this many times longer or shorter than usual, or a shape this many times flatter."""

RARE = 0.05
"""Sizes that more than this share of the images have are no exception."""


def find_flat_images(images: ImageSet) -> NDArray[np.bool_]:
    """Which images (N,) are of one colour, or nearly."""
    spreads = []
    for block in pieces(images.images):
        spread = block.max(axis=(2, 3)).astype(np.int64) - block.min(axis=(2, 3))
        spreads.append(spread.max(axis=1))
    return np.concatenate(spreads) <= FLAT


def report_flat_images(images: ImageSet, flat: NDArray[np.bool_]) -> Iterator[DataFinding]:
    """The images of one colour.

    Args:
        images: A split.
        flat: (N,), from `find_flat_images`.
    """
    for row in np.flatnonzero(flat).tolist():
        image = images.images[row]
        level = image.mean()
        exactly = (image.max(axis=(1, 2)) == image.min(axis=(1, 2))).all()
        colour = "black" if level < FLAT else "white" if level > 255 - FLAT else "one colour"
        place = Place(images.paths[row], images.split, images.classes[images.labels[row]])
        yield DataFinding(
            "one colour", place, f"all {colour}" if exactly else f"nearly all {colour}"
        )


def find_odd_sizes(
    splits: Mapping[str, ImageSet], facts: Mapping[str, FileFacts]
) -> list[DataFinding]:
    """The few images that are much larger, smaller, or of another shape than the others.

    Args:
        splits: All splits.
        facts: Path → what its file tells.
    """
    sized = [
        (facts[path], Place(path, split, images.classes[label]))
        for split, images in splits.items()
        for path, label in zip(images.paths, images.labels.tolist(), strict=True)
        if path in facts
    ]
    if not sized:
        return []
    heights, widths = (
        np.array([float(each) for each in side])
        for side in zip(*((fact.height, fact.width) for fact, _ in sized), strict=True)
    )
    sides, shapes = np.sqrt(heights * widths), np.log(widths / heights)
    limit = math.log(FAR)
    far_side = np.abs(np.log(sides / np.median(sides))) >= limit
    far_shape = np.abs(shapes - np.median(shapes)) >= limit
    odd = np.flatnonzero(far_side | far_shape).tolist()
    if len(odd) > RARE * len(sized):
        return []
    usual = f"{np.median(heights):.0f}×{np.median(widths):.0f}"
    return [
        DataFinding(
            "odd size",
            sized[row][1],
            f"{sized[row][0].height}×{sized[row][0].width} pixels, where {usual} is usual",
        )
        for row in odd
    ]
