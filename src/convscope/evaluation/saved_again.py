"""Images that a run was trained on and that were saved anew: as JPEG, smaller, brighter.

Their pixels differ, so digests don't tell. But they usually keep their names: where an image is
called as one that was trained on, in a folder of that name, and that one still lies where it was,
the two are compared.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convscope.data.decode import ImageError, decode
from convscope.data.image_set import ImageSet
from convscope.data.reading import FULL_RANGE, Reading
from convscope.look.progress import progress
from convscope.runs.split_record import SplitRecord

SAME = 0.95
"""From this correlation of their pixels in grey on, two images of one name are one image."""

MOST = 5
"""Images of one name to compare with: where there are more, names tell nothing."""


def saved_again(images: ImageSet, record: SplitRecord, reading: Reading) -> NDArray[np.bool_]:
    """(N,): which images are, by name and look, ones that were trained or validated on.

    Args:
        images: Read from files.
        record: The run's.
        reading: How the run's files are read.
    """
    originals: dict[tuple[str, str], list[str]] = defaultdict(list)
    for path in record.trained_paths:
        originals[_name(path)].append(path)
    found = np.zeros(len(images), dtype=bool)
    with progress(f"Comparing the images of {images.name}", len(images)) as advance:
        for row, path in enumerate(images.paths):
            named_alike = originals.get(_name(path), [])
            if len(named_alike) <= MOST:
                found[row] = any(
                    _look_alike(images.images[row], each, reading) for each in named_alike
                )
            advance(1)
    return found


def _name(path: str) -> tuple[str, str]:
    """The folder that a file lies in, and its name without suffix."""
    return Path(path).parent.name, Path(path).stem


def _look_alike(image: NDArray[np.uint8], path: str, reading: Reading) -> bool:
    channels, size, _ = image.shape
    try:
        other = decode(
            path,
            size=size,
            channels=channels,
            fit=reading.fit,
            grey_range=reading.grey_range or FULL_RANGE,
        )
    except ImageError:
        return False  # it is there no more, or lies in an archive
    # In grey: JPEG keeps colours at half the resolution.
    one, two = (each.mean(axis=0).reshape(-1) for each in (image, other))
    one, two = one - one.mean(), two - two.mean()
    scale = float(np.linalg.norm(one) * np.linalg.norm(two))
    return scale > 0 and float(one @ two) / scale >= SAME
