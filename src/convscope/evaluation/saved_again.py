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
"""From this correlation of their pixels in grey on, two images of one name may be one image."""

CLEARLY = 0.5
"""They are, if they differ by less than this share of what the image differs from others by."""

MOST = 5
"""Images of one name to compare with: where there are more, names tell nothing."""

OTHERS = 8
"""Images of the same folder that it is compared with besides."""


def saved_again(images: ImageSet, record: SplitRecord, reading: Reading) -> NDArray[np.bool_]:
    """(N,): which images are, by name and look, ones that were trained or validated on.

    Where all images of a folder look alike, as machine parts do, a new one under an old name isn't
    one of them: the image of its name must be the nearer one, clearly.

    Args:
        images: Read from files.
        record: The run's.
        reading: How the run's files are read.
    """
    originals: dict[tuple[str, str], list[str]] = defaultdict(list)
    folders: dict[str, list[str]] = defaultdict(list)
    for path in sorted(record.trained_paths):
        originals[_name(path)].append(path)
        folders[_name(path)[0]].append(path)
    found = np.zeros(len(images), dtype=bool)
    compared: dict[str, NDArray[np.float64] | None] = {}
    with progress(f"Comparing the images of {images.name}", len(images)) as advance:
        for row, path in enumerate(images.paths):
            advance(1)
            named_alike = originals.get(_name(path), [])
            if not 0 < len(named_alike) <= MOST:
                continue
            shape = images.image_shape
            image = _prepare(images.images[row])
            likeness = max(_correlate(image, _read(each, shape, reading)) for each in named_alike)
            if likeness < SAME:
                continue
            all_of_folder = folders[_name(path)[0]]
            others = all_of_folder[:: -(-len(all_of_folder) // OTHERS)]
            if not compared.keys() & set(others):
                compared = {each: _read(each, shape, reading) for each in others}  # of one folder
            next_one = max(
                (_correlate(image, compared[each]) for each in others if each not in named_alike),
                default=0.0,
            )
            found[row] = 1 - likeness <= CLEARLY * (1 - next_one)
    return found


def _name(path: str) -> tuple[str, str]:
    """The folder that a file lies in, and its name without suffix."""
    return Path(path).parent.name, Path(path).stem


def _read(path: str, shape: tuple[int, int, int], reading: Reading) -> NDArray[np.float64] | None:
    """A file as an image is compared; None if it is there no more, or lies in an archive."""
    channels, size, _ = shape
    try:
        image = decode(
            path,
            size=size,
            channels=channels,
            fit=reading.fit,
            grey_range=reading.grey_range or FULL_RANGE,
        )
    except ImageError:
        return None
    return _prepare(image)


def _prepare(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Its pixels in grey, for JPEG keeps colours at half the resolution; of mean 0 and length 1."""
    grey: NDArray[np.float64] = image.mean(axis=0).reshape(-1)
    grey -= grey.mean()
    grey /= max(float(np.linalg.norm(grey)), 1e-9)
    return grey


def _correlate(one: NDArray[np.float64], other: NDArray[np.float64] | None) -> float:
    return 0.0 if other is None else float(one @ other)
