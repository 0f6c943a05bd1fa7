"""Classes that are empty, small, or far smaller than others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from convscope.data.check.finding import DataFinding, Place
from convscope.data.image_set import ImageSet

SMALL = 20
"""With fewer training images than this, a class is learned by heart rather than recognized."""

IMBALANCE = 10
"""From here on the largest class decides: guessing it is right ten times as often."""


def check_classes(splits: Mapping[str, ImageSet]) -> Iterator[DataFinding]:
    """What is wrong with the numbers of images.

    Args:
        splits: "train", and others if there are any.
    """
    for split, images in splits.items():
        for name, count in images.counts().items():
            place = Place("", split, name)
            if count == 0:
                yield DataFinding("empty class", place, f"no images of {name!r} in {split}")
            elif split == "train" and count < SMALL:
                noun = "image" if count == 1 else "images"
                detail = f"{count} {noun} of {name!r} to train on; fewer than {SMALL} are too few"
                yield DataFinding("small class", place, detail)
    counts = splits["train"].counts()
    largest, smallest = max(counts, key=counts.__getitem__), min(counts, key=counts.__getitem__)
    if counts[largest] > IMBALANCE * max(1, counts[smallest]):
        detail = (
            f"{counts[largest]:,} images of {largest!r} but {counts[smallest]:,} of "
            f"{smallest!r}: accuracy will hide mistakes on the smaller classes"
        )
        yield DataFinding("imbalance", Place("", "train"), detail)
