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
import os
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.data.image_set import ImageSet
from convscope.data.mapped import pieces
from convscope.data.reading import SPLITS
from convscope.errors import ConvscopeError
from convscope.files import atomic_path, read_gzip
from convscope.look.numbers import counted
from convscope.look.progress import progress

FILE = "splits.csv.gz"
HEADINGS = ["split", "pixels", "shape", "path", "class"]
OLDER_HEADINGS = HEADINGS[:4]
MOST_EXPANSION = 100
"""So many times its packed size a table may have; those of real runs have less than ten."""


@dataclass(frozen=True)
class RestoredSplits:
    """A run's data, divided as it was when the run began.

    Attributes:
        splits: The images by split.
        notes: On images that are new or gone, in words.
        changed: The splits that haven't the same images any more.
    """

    splits: dict[str, ImageSet]
    notes: tuple[str, ...]
    changed: frozenset[str]


@dataclass(frozen=True)
class SplitRecord:
    """The splits of a run's images, as they were when it began.

    Attributes:
        splits: Digest of an image's pixels → the splits that it was in.
        numbers: Split and digest → how many such images were in it.
        image_shape: (C, H, W) in which the images were recorded; of others, those of this shape
            can be recognized.
        trained_paths: Where images for training and validation were, as far as their paths tell
            them apart.
        classes: Digest → the names of the classes that such images had; empty in records of
            earlier versions.
        order: Split and digest → the place of the first such image in its split.
    """

    splits: Mapping[str, frozenset[str]]
    numbers: Mapping[tuple[str, str], int]
    image_shape: tuple[int, int, int]
    trained_paths: frozenset[str]
    classes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    order: Mapping[tuple[str, str], int] = field(default_factory=dict)

    def count_classes(self, split: str) -> dict[str, int]:
        """Class → how many images of it a split had; images with several classes count for none."""
        counts = Counter[str]()
        for (name, digest), number in self.numbers.items():
            known = self.classes.get(digest, frozenset())
            if name == split and len(known) == 1:
                counts[next(iter(known))] += number
        return dict(counts)

    def seen_by_path(self, images: ImageSet) -> NDArray[np.bool_]:
        """(N,): which were trained or validated on by their paths, for images of other sizes."""
        return np.array([_full(each) in self.trained_paths for each in images.paths])

    def seen(self, images: ImageSet) -> NDArray[np.bool_]:
        """(N,): which images were trained or validated on, whatever they are called now."""
        digests = digests_of_pixels(images)
        return np.array([not self.splits.get(each, frozenset()) <= {"test"} for each in digests])

    def restore(self, sources: Mapping[str, ImageSet]) -> RestoredSplits:
        """Divide the run's data as it was when the run began.

        An image that was trained on is in no other split, wherever it lies now. One that the run
        never saw is left out, unless the source itself says that it is for testing or validation.

        Args:
            sources: The data as it is now, by the splits that the source itself has.

        Returns:
            The splits, without those of which no image is left.
        """
        rows: dict[str, list[tuple[ImageSet, list[int]]]] = {name: [] for name in SPLITS}
        found, new, relabelled, copies = (Counter[Any]() for _ in range(4))
        for source, images in sources.items():
            chosen: dict[str, list[int]] = {name: [] for name in SPLITS}
            digests = digests_of_pixels(images)
            other = [not self._has_class(images, row, digests[row]) for row in range(len(images))]
            # Of copies of an image, those that have its class count first.
            for row in sorted(range(len(images)), key=lambda row: other[row]):
                split = self._split(digests[row], source)
                if split is None:
                    new[source] += 1
                    if source != "train":
                        chosen[source].append(row)
                    continue
                key = (split, digests[row])
                if found[key] == self.numbers[key]:
                    copies[split] += 1
                else:
                    found[key] += 1
                    relabelled[split] += other[row]
                    chosen[split].append(row)
            for name, places in chosen.items():
                if places:
                    rows[name].append((images, sorted(places)))
        splits = {
            name: _joined([images.subset(places, split=name) for images, places in parts])
            for name, parts in rows.items()
            if parts
        }
        gone = Counter(self.numbers) - found
        changed = {name for name, _ in gone} | {*(+relabelled)}
        changed |= {name for name in new if name != "train"}
        notes = _notes(gone, new, +relabelled, copies)
        return RestoredSplits(splits, notes, frozenset(changed))

    def in_order(self, images: ImageSet) -> ImageSet:
        """The images of a restored split in the order in which they were recorded."""
        places = [self.order.get((images.split, each), 0) for each in digests_of_pixels(images)]
        return images.subset(np.argsort(places, kind="stable"))

    def _has_class(self, images: ImageSet, row: int, digest: str) -> bool:
        """Whether an image has the class that it had; True where that isn't known."""
        known = self.classes.get(digest, frozenset())
        return not known or images.classes[images.labels[row]] in known

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
        shape = "x".join(map(str, images.image_shape))
        classes = [images.classes[label] for label in images.labels]
        entries = zip(images.paths, digests_of_pixels(images), classes, strict=True)
        for path, digest, label in entries:
            table.writerow([name, digest, shape, _full(path), label])
    content = text.getvalue().encode("utf-8", "surrogateescape")
    with atomic_path(folder / FILE) as temporary:
        # Level 3: a quarter of the time, and a tenth larger.
        temporary.write_bytes(gzip.compress(content, 3, mtime=0))


def read_split_record(folder: Path) -> SplitRecord | None:
    """The splits that a run keeps; None for a run of before they were kept.

    Raises:
        ConvscopeError: The file is damaged.
    """
    file = folder / FILE
    if not file.is_file():
        return None
    try:
        content = read_gzip(file, MOST_EXPANSION).decode("utf-8", "surrogateescape")
        headings, *rows = csv.reader(io.StringIO(content, newline=""))
        if headings not in (HEADINGS, OLDER_HEADINGS) or not rows:
            raise ValueError("it is no table of splits")
        if any(len(row) != len(headings) or row[0] not in SPLITS for row in rows):
            raise ValueError("a line of it names no split")
        channels, height, width = map(int, rows[0][2].split("x"))
    except (OSError, EOFError, zlib.error, ValueError, csv.Error) as error:
        raise ConvscopeError(
            f"{str(file)!r} is damaged ({error}). It says which images the run was trained on; "
            "without it they can't be told from new ones. Put it back, or train again."
        ) from None
    splits: dict[str, frozenset[str]] = {}
    classes: dict[str, frozenset[str]] = {}
    order: dict[tuple[str, str], int] = {}
    # Nearly all images are in one split and have one class: a set for each would take long to make.
    names = {each for row in rows for each in (row[0], row[-1])}
    alone = {name: frozenset({name}) for name in names}
    for place, (split, digest, _, _, *labels) in enumerate(rows):
        order.setdefault((split, digest), place)
        if (before := splits.setdefault(digest, alone[split])) is not alone[split]:
            splits[digest] = before | alone[split]
        for label in labels:
            if (before := classes.setdefault(digest, alone[label])) is not alone[label]:
                classes[digest] = before | alone[label]
    numbers = Counter((row[0], row[1]) for row in rows)
    trained_paths = frozenset(
        row[3] for row in rows if row[0] != "test" and not row[3].startswith("arrays[")
    )
    shape = (channels, height, width)
    return SplitRecord(splits, numbers, shape, trained_paths, classes, order)


def _full(path: str) -> str:
    """The path of a file from the root of its disk; another text as it is."""
    return str(Path(path).resolve()) if os.sep in path else path


def digests_of_pixels(images: ImageSet) -> list[str]:
    """A digest of each image's shape and pixels, in hexadecimal; the same for the same images."""
    shape = repr(images.image_shape).encode()
    found = []
    with progress(f"Recognizing the images of {images.name}", len(images)) as advance:
        for part in pieces(images.images):
            found += [
                hashlib.blake2b(shape + image.tobytes(), digest_size=8).hexdigest()
                for image in part
            ]
            advance(len(part))
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
        original_sizes=first.original_sizes,
        notes=first.notes,
        grey_range=first.grey_range,
        name=first.name,
        split=first.split,
    )


def _notes(
    gone: Mapping[tuple[str, str], int],
    new: Mapping[str, int],
    relabelled: Mapping[str, int],
    copies: Mapping[str, int],
) -> tuple[str, ...]:
    notes = []
    if new.get("train"):
        notes.append(
            f"New since the run began: {counted(new['train'], 'image')}, in none of its splits "
            "and so left out. To evaluate them, give their folder as data."
        )
    added = sum(count for name, count in new.items() if name != "train")
    if added:
        notes.append(
            f"New since the run began: {counted(added, 'image')} for testing or validation."
        )
    missing = Counter[str]()
    for (name, _), count in gone.items():
        missing[name] += count
    if missing:
        notes.append(
            f"Images that the run had are gone or were changed since it began: {_listed(missing)}."
        )
    if relabelled:
        notes.append(
            f"Images that have another class than when the run began: {_listed(relabelled)}."
        )
    if copies:
        notes.append(
            f"Left out: further copies of images that the run had, added since: {_listed(copies)}."
        )
    return tuple(notes)


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{counts[name]:,} {name}" for name in SPLITS if counts.get(name))
