"""Which image was in which split when a run began: kept, because folders change afterwards.

A split that was drawn by chance would be drawn anew as soon as one image is added, and images that
were trained on would be evaluated as if they were new. So a run keeps the path and a digest of the
pixels of each of its images, in `splits.csv.gz`, and goes by them ever after.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convscope.data.image_set import ImageSet
from convscope.data.load import SPLITS
from convscope.errors import ConvscopeError
from convscope.files import atomic_path
from convscope.look.progress import progress

FILE = "splits.csv.gz"
HEADINGS = ["split", "pixels", "path"]


@dataclass(frozen=True)
class SplitRecord:
    """The splits of a run's images, as they were when it began.

    Attributes:
        splits: Digest of an image's pixels → the splits that it was in.
        counts: How many images were in each split.
    """

    splits: Mapping[str, frozenset[str]]
    counts: Mapping[str, int]

    def seen(self, images: ImageSet) -> NDArray[np.bool_]:
        """(N,): which images were trained or validated on, whatever they are called now."""
        digests = digests_of_pixels(images)
        return np.array([not self.splits.get(each, frozenset()) <= {"test"} for each in digests])

    def restore(
        self, sources: Mapping[str, ImageSet]
    ) -> tuple[dict[str, ImageSet], tuple[str, ...]]:
        """Divide the run's data as it was when the run began.

        An image that was trained on is in no other split, wherever it lies now. One that the run
        never saw is left out, unless the source itself says that it is for testing or validation.

        Args:
            sources: The data as it is now, by the splits that the source itself has.

        Returns:
            The splits; and notes on images that are new, gone or were moved.
        """
        rows: dict[str, list[tuple[ImageSet, list[int]]]] = {name: [] for name in SPLITS}
        new, found = Counter[str](), Counter[str]()
        for source, images in sources.items():
            chosen: dict[str, list[int]] = {name: [] for name in SPLITS}
            for row, digest in enumerate(digests_of_pixels(images)):
                split = self._split(digest, source)
                if split is None:
                    new[source] += 1
                    if source != "train":
                        chosen[source].append(row)
                else:
                    found[split] += 1
                    chosen[split].append(row)
            for name, places in chosen.items():
                if places:
                    rows[name].append((images, places))
        splits = {
            name: _joined([images.subset(places, split=name) for images, places in parts])
            for name, parts in rows.items()
            if parts
        }
        return splits, _notes(self.counts, found, new)

    def _split(self, digest: str, source: str) -> str | None:
        """The split of an image: of several, the one it lies in, or else the earliest."""
        known = self.splits.get(digest, frozenset())
        if source != "train" and source in known:
            return source
        return next((name for name in SPLITS if name in known), None)


def write_split_record(folder: Path, splits: Mapping[str, ImageSet]) -> None:
    """Keep which image is in which split.

    Args:
        folder: Of the run.
        splits: The images.
    """
    text = io.StringIO(newline="")
    table = csv.writer(text)
    table.writerow(HEADINGS)
    for name, images in splits.items():
        for path, digest in zip(images.paths, digests_of_pixels(images), strict=True):
            table.writerow([name, digest, path])
    content = text.getvalue().encode("utf-8", "surrogateescape")
    with atomic_path(folder / FILE) as temporary:
        temporary.write_bytes(gzip.compress(content, mtime=0))


def read_split_record(folder: Path) -> SplitRecord | None:
    """The splits that a run keeps; None for a run of before they were kept.

    Raises:
        ConvscopeError: The file is damaged.
    """
    file = folder / FILE
    if not file.is_file():
        return None
    try:
        content = gzip.decompress(file.read_bytes()).decode("utf-8", "surrogateescape")
        headings, *rows = csv.reader(io.StringIO(content, newline=""))
        if headings != HEADINGS or any(len(row) != 3 or row[0] not in SPLITS for row in rows):
            raise ValueError("it is no table of splits")
    except (OSError, EOFError, zlib.error, ValueError, csv.Error) as error:
        raise ConvscopeError(
            f"{str(file)!r} is damaged ({error}). It says which images the run was trained on; "
            "without it they can't be told from new ones. Put it back, or train again."
        ) from None
    splits: dict[str, frozenset[str]] = {}
    for split, digest, _ in rows:
        splits[digest] = splits.get(digest, frozenset()) | {split}
    return SplitRecord(splits, Counter(row[0] for row in rows))


def digests_of_pixels(images: ImageSet) -> list[str]:
    """A digest of each image's shape and pixels, in hexadecimal; the same for the same images."""
    shape = repr(images.image_shape).encode()
    found = []
    with progress(f"Recognizing the images of {images.name}", len(images)) as advance:
        for image in images.images:
            found.append(
                hashlib.blake2b(
                    shape + np.ascontiguousarray(image).tobytes(), digest_size=8
                ).hexdigest()
            )
            advance(1)
    return found


def _joined(parts: Sequence[ImageSet]) -> ImageSet:
    first, *others = parts
    if not others:
        return first
    return ImageSet(
        np.concatenate([part.images for part in parts]),
        np.concatenate([part.labels for part in parts]),
        first.classes,
        paths=[path for part in parts for path in part.paths],
        problems=first.problems,
        name=first.name,
        split=first.split,
    )


def _notes(
    before: Mapping[str, int], found: Mapping[str, int], new: Mapping[str, int]
) -> tuple[str, ...]:
    notes = []
    if new.get("train"):
        notes.append(
            f"{new['train']:,} images are new since the run began; they belong to none of its "
            "splits and are left out. To evaluate them, give their folder as data."
        )
    added = sum(count for name, count in new.items() if name != "train")
    if added:
        notes.append(f"{added:,} images for testing or validation are new since the run began.")
    gone = {name: count - found.get(name, 0) for name, count in before.items()}
    if any(count > 0 for count in gone.values()):
        missing = ", ".join(f"{count:,} {name}" for name, count in gone.items() if count > 0)
        notes.append(f"Images that the run had are gone or were changed since it began: {missing}.")
    return tuple(notes)
