"""Labelled images, in memory or in a memory map: what sources give and everyone else takes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.data.array_checks import check_images, check_labels
from convscope.data.mapped import copy_rows, pieces
from convscope.data.reading import GreyRange
from convscope.errors import UsageError
from convscope.look.numbers import counted

Indices = NDArray[np.integer[Any]]
EVERY_IMAGE = "every-image:"  # begins fingerprints that every pixel has gone into


def spread_evenly(length: int, count: int) -> NDArray[np.intp]:
    """Places of at most `count` of `length` items, evenly spread from the first to the last.

    Args:
        length: How many items there are.
        count: How many are wanted; of fewer items, all are taken.

    Returns:
        Rising indices, shape (min(length, count),).
    """
    return np.linspace(0, length - 1, min(length, count)).round().astype(np.intp)


def take(images: NDArray[np.uint8], rows: Sequence[int] | Indices) -> NDArray[np.uint8]:
    """`images[rows]`: a view if the rows are consecutive, and on the disk if it is a large copy."""
    chosen = np.asarray(rows, dtype=np.intp)
    if len(chosen) and np.array_equal(chosen, np.arange(chosen[0], chosen[0] + len(chosen))):
        return images[chosen[0] : chosen[0] + len(chosen)]
    return copy_rows(images, chosen)


@dataclass(frozen=True)
class Problem:
    """Something that was found and left out while reading a data set.

    Attributes:
        path: The file or folder.
        reason: Why it was left out, in words.
    """

    path: str
    reason: str


class ImageSet:
    """Images with labels.

    Attributes:
        images: uint8 (N, C, H, W), values 0 to 255; may be a memory map.
        labels: int64 (N,), each from 0 to `len(classes) - 1`.
        classes: The names, in the order of the labels.
        paths: For each image, where it came from.
        name: What the data set is called.
        split: "train", "validation" or "test".
        problems: What was left out when the source was read (the same for all its splits).
        original_sizes: (height, width) → how many images of the source had it before they were
            resized (the same for all its splits); empty where all are as they were.
        notes: What a person should know of how the source was understood, in words (the same for
            all its splits); of a folder, the first says which folders are splits and classes.
        grey_range: The values of 16-bit grey files that became 0 and 255; None where there are no
            such files.
        is_taken: Whether Convscope took the split out of the source's training images.
        groups: For each image what it belongs with, as a patient: images of one group come into the
            same split; "" belongs with nothing. Empty where there are no groups.
    """

    def __init__(
        self,
        images: NDArray[np.uint8],
        labels: Sequence[int] | Indices,
        classes: Sequence[str],
        *,
        paths: Sequence[str] | None = None,
        name: str = "arrays",
        split: str = "train",
        problems: Sequence[Problem] = (),
        original_sizes: Mapping[tuple[int, int], int] | None = None,
        notes: Sequence[str] = (),
        grey_range: GreyRange | None = None,
        is_taken: bool = False,
        groups: Sequence[str] = (),
    ) -> None:
        """Check the parts and keep them, without copying the images.

        Args:
            images: uint8 (N, C, H, W).
            labels: Whole numbers (N,).
            classes: At least one name; no two alike.
            paths: N texts; unset: "arrays[0]", "arrays[1]" and so on.
            name: What the data set is called.
            split: Which part of the data set this is.
            problems: What was left out.
            original_sizes: See above.
            notes: See above.
            grey_range: See above.
            is_taken: See above.
            groups: N texts, or none.

        Raises:
            UsageError: The parts do not fit one another; the message names the fix.
        """
        self.images = check_images(images)
        self.classes = tuple(str(each) for each in classes)
        if not self.classes or len(set(self.classes)) < len(self.classes):
            raise UsageError(f"classes must be different names, at least one; given {classes}.")
        self.labels = check_labels(labels, len(images), len(self.classes))
        self.paths = [f"{name}[{i}]" for i in range(len(images))] if paths is None else list(paths)
        if len(self.paths) != len(images):
            raise UsageError(f"paths has {len(self.paths)} entries for {len(images)} images.")
        self.groups = tuple(groups) if any(groups) else ()
        if self.groups and len(self.groups) != len(images):
            raise UsageError(f"groups has {len(self.groups)} entries for {len(images)} images.")
        self.name = name
        self.split = split
        self.problems = tuple(problems)
        self.original_sizes = dict(original_sizes or {})
        self.notes = tuple(notes)
        self.grey_range = grey_range
        self.is_taken = is_taken

    def __len__(self) -> int:
        return len(self.images)

    def __repr__(self) -> str:
        return f"<ImageSet {self}>"

    def __str__(self) -> str:
        shape = "×".join(str(extent) for extent in self.image_shape)
        split = f", {self.split}" if self.split else ""
        images = f"{counted(len(self), 'image')} {shape}"
        return f"{self.name}{split}: {images}, {counted(len(self.classes), 'class', 'classes')}"

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(C, H, W) of one image."""
        _, channels, height, width = self.images.shape
        return channels, height, width

    def counts(self) -> dict[str, int]:
        """Number of images of each class, in the order of the labels."""
        numbers = np.bincount(self.labels, minlength=len(self.classes))
        return dict(zip(self.classes, numbers.tolist(), strict=True))

    def subset(
        self, indices: Sequence[int] | Indices, *, split: str | None = None, is_taken: bool = False
    ) -> ImageSet:
        """The images at `indices`, in that order (a view if they are consecutive).

        Args:
            indices: Positions, each from 0 to N - 1.
            split: What the part is called; unset: as the whole.
            is_taken: Whether it is a split that the source doesn't have.
        """
        chosen = np.asarray(indices, dtype=np.intp)
        return self._like(
            take(self.images, chosen),
            self.labels[chosen],
            [self.paths[i] for i in chosen.tolist()],
            split=split or self.split,
            is_taken=is_taken or self.is_taken,
            groups=[self.groups[i] for i in chosen.tolist()] if self.groups else (),
        )

    def with_images(self, images: NDArray[np.uint8]) -> ImageSet:
        """The same set with other pixels, uint8 (N, C, H, W)."""
        return self._like(
            images,
            self.labels,
            self.paths,
            split=self.split,
            is_taken=self.is_taken,
            groups=self.groups,
        )

    def _like(
        self,
        images: NDArray[np.uint8],
        labels: Sequence[int] | Indices,
        paths: Sequence[str],
        *,
        classes: Sequence[str] | None = None,
        split: str,
        is_taken: bool,
        groups: Sequence[str],
    ) -> ImageSet:
        return ImageSet(
            images,
            labels,
            self.classes if classes is None else classes,
            paths=paths,
            name=self.name,
            split=split,
            problems=self.problems,
            original_sizes=self.original_sizes,
            notes=self.notes,
            grey_range=self.grey_range,
            is_taken=is_taken,
            groups=groups,
        )

    def with_labels(self, labels: Sequence[int] | Indices, classes: Sequence[str]) -> ImageSet:
        """The same images with other labels (N,), of these classes."""
        return self._like(
            self.images,
            labels,
            self.paths,
            classes=classes,
            split=self.split,
            is_taken=self.is_taken,
            groups=self.groups,
        )

    def fingerprint(self) -> str:
        """A digest that changes when a single pixel, label or class name does."""
        return f"{EVERY_IMAGE}{self._digest(self.images)}"

    def has_fingerprint(self, known: str) -> bool:
        """Whether these are the images of a fingerprint; in earlier versions, of every n-th."""
        step = 1 if known.startswith(EVERY_IMAGE) else max(1, len(self) // 1000)
        return self._digest(self.images[::step]) == known.removeprefix(EVERY_IMAGE)

    def _digest(self, images: NDArray[np.uint8]) -> str:
        digest = hashlib.blake2b(repr((self.classes, self.images.shape)).encode(), digest_size=16)
        digest.update(self.labels.tobytes())
        for part in pieces(images):
            digest.update(np.ascontiguousarray(part).data)
        return digest.hexdigest()

    def statistics(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Mean and standard deviation of each channel, with pixels scaled to [0, 1].

        Computed from counts of the 256 values, so the result is exact and does not depend on the
        machine; a memory map is read piece by piece.

        Returns:
            Two tuples of C numbers.
        """
        channels = self.images.shape[1]
        histogram = np.zeros((channels, 256), dtype=np.int64)
        for part in pieces(self.images):
            for channel in range(channels):
                histogram[channel] += np.bincount(part[:, channel].ravel(), minlength=256)
        values = np.arange(256) / 255
        shares = histogram / histogram.sum(axis=1, keepdims=True)
        mean = shares @ values
        variance = (shares * (values - mean[:, None]) ** 2).sum(axis=1)
        return tuple(mean.tolist()), tuple(np.sqrt(variance).tolist())
