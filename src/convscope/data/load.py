"""Data by name, by folder, by archive or as arrays; and the splits that a source lacks."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import numpy as np

from convscope.data import cifar, digits, folder, mnist
from convscope.data.convert import convert
from convscope.data.exact_duplicates import find_same_pixels, group_by_key
from convscope.data.file_kinds import make_printable
from convscope.data.given import check_is_data
from convscope.data.image_set import ImageSet
from convscope.data.near_copies import COMPARED_SIZE, NEAR_LIMIT, add_near_copies, merge
from convscope.data.reading import DEFAULT, SPLITS, Reading
from convscope.data.splits import keep_together, split_groups_stratified, split_stratified
from convscope.data.tree import FolderTree, Tree
from convscope.data.zip_tree import ZipTree
from convscope.errors import UsageError, unknown_name

Data: TypeAlias = str | Path | ImageSet | Mapping[str, ImageSet]
"""A name, the path of a folder or `.zip`, or images that are there already."""

TEST_SHARE = 0.2
"""Of a source that has no test images, this share is set aside before anything is trained."""

NAMED: dict[str, Callable[[], dict[str, ImageSet]]] = {
    "digits": digits.read,
    "fashion-mnist": lambda: mnist.read("fashion-mnist"),
    "mnist": lambda: mnist.read("mnist"),
    "cifar10": cifar.read,
}


def load(
    data: Data,
    split: str = "train",
    *,
    size: int | None = None,
    channels: int | None = None,
    seed: int = 0,
    reading: Reading = DEFAULT,
) -> ImageSet:
    """One split of a data set, whole (no validation images are taken out of "train").

    Args:
        data: `digits`, `fashion-mnist`, `mnist` or `cifar10`; the path of a folder or `.zip` with
            a subfolder of images per class; an `ImageSet`, or a dictionary of them.
        split: "train" or "test"; "validation" if the source has one.
        size: Height and width of the images; None keeps them (64 for a folder).
        channels: 1 or 3; None keeps them (for a folder: 1 if all images are grey, else 3).
        seed: Decides which images are for testing, where the source does not.
        reading: How files are to be understood: which folders are splits, how images become
            square, in which encoding names are.

    Raises:
        UsageError: There is no such data or split, or it cannot be used.
        ConvscopeError: A file is damaged or could not be downloaded.
    """
    if split not in SPLITS:
        raise unknown_name("split", split, SPLITS)
    splits = load_splits(
        data, size=size, channels=channels, seed=seed, validation=0, reading=reading
    )
    if split not in splits:
        raise UsageError(
            f"{splits['train'].name} has no {split} split of its own; there are: "
            f"{', '.join(splits)}. load_splits(…, validation=0.1) takes one out of train."
        )
    return splits[split]


def load_splits(
    data: Data,
    *,
    size: int | None = None,
    channels: int | None = None,
    seed: int = 0,
    validation: float = 0.1,
    reading: Reading = DEFAULT,
) -> dict[str, ImageSet]:
    """All splits of a data set, with the same classes.

    A split that the source lacks is taken out of its training images, with the same share of
    every class: a fifth for "test", then the share `validation` of the rest for "validation". So
    nothing is ever chosen by test images, and there always are some. Images that are the same or
    nearly so come into the same split (`copies`).

    Args:
        data: As for `load`.
        size: As for `load`.
        channels: As for `load`.
        seed: Decides which images are taken out.
        validation: Share of the training images to hold out where the source has no validation
            split; 0 for none.
        reading: As for `load`.

    Returns:
        "train", "validation" (unless there is none) and "test" (unless no class has two
        images), in this order.

    Raises:
        UsageError: There is no such data, or it cannot be used.
        ConvscopeError: A file is damaged or could not be downloaded.
    """
    if not 0 <= validation < 1:
        raise UsageError(f"validation must be a share, 0 up to below 1; given {validation}.")
    if seed < 0:
        raise UsageError(f"seed must be a whole number from 0 on; given {seed}.")
    splits = source_splits(data, size=size, channels=channels, reading=reading)
    shares = {"test": TEST_SHARE, "validation": validation}
    missing = {name: share for name, share in shares.items() if name not in splits and share > 0}
    if not missing:
        return splits
    copies, notes = _copies(data, splits["train"], reading)
    return _complete(splits, seed, missing, copies, notes, reading)


def source_splits(
    data: Data,
    *,
    size: int | None = None,
    channels: int | None = None,
    reading: Reading = DEFAULT,
) -> dict[str, ImageSet]:
    """The splits that the source itself has: "train" alone where it isn't divided.

    Args:
        data: As for `load`.
        size: As for `load`.
        channels: As for `load`.
        reading: As for `load`.

    Raises:
        UsageError: There is no such data, or it cannot be used.
        ConvscopeError: A file is damaged or could not be downloaded.
    """
    if size is not None and size < 1:
        raise UsageError(f"size must be at least 1 pixel, or None to keep it; given {size}.")
    if channels not in (None, 1, 3):
        raise UsageError(f"channels must be 1 (grey) or 3 (colour), or None; given {channels}.")
    splits = _source(data, size, channels, reading)
    return {
        name: convert(each, size=size, channels=channels, fit=reading.fit)
        for name, each in splits.items()
    }


def tree_of(data: Data, reading: Reading = DEFAULT) -> Tree | None:
    """The files behind the path of a folder or archive; None for anything else.

    Raises:
        UsageError: The path isn't text, or the archive can't be read.
    """
    if not isinstance(data, str | Path) or str(data) in NAMED:
        return None
    path = Path(data).expanduser()
    if any("\udc80" <= each <= "\udcff" for each in str(path)):
        raise UsageError(
            f"The path '{make_printable(str(path))}' has bytes in it that are no text (UTF-8), so "
            "it can't be written into a run. Rename the folder."
        )
    if path.is_dir():
        return FolderTree(path)
    if not (path.is_file() and zipfile.is_zipfile(path)):
        return None
    encoding = reading.zip_encoding
    if encoding == "auto" and reading.rules == 1:
        encoding = "cp437"  # as Python has it where nothing is said
    return ZipTree(path, encoding)


def _source(
    data: Data, size: int | None, channels: int | None, reading: Reading
) -> dict[str, ImageSet]:
    """The splits that the source has."""
    check_is_data(data)
    if isinstance(data, ImageSet):
        return {"train": data}
    if isinstance(data, Mapping):
        return _check_splits(data)
    if isinstance(data, str) and data in NAMED:
        return NAMED[data]()
    tree = tree_of(data, reading)
    if tree is not None:
        return folder.read(tree, size=size, channels=channels, reading=reading)
    path = Path(data).expanduser()
    if _begins_as_zip(path):
        raise UsageError(
            f"'{path}' begins as a zip archive but has no end: it is damaged, or wasn't copied or "
            "downloaded whole. Get it again."
        )
    if path.is_file():
        raise UsageError(
            f"'{path}' is neither a folder nor a zip archive. Give a folder or .zip with one "
            "subfolder of images per class."
        )
    if isinstance(data, Path) or os.sep in data or data.endswith(".zip"):
        raise UsageError(f"There is no folder or zip archive '{path}'. Check the path.")
    message = unknown_name("data set", data, NAMED)
    raise UsageError(
        f"{message} The path of a folder or .zip with one subfolder of images per class is "
        "accepted as well."
    )


def _check_splits(data: Mapping[str, ImageSet]) -> dict[str, ImageSet]:
    for name in data:
        if name not in SPLITS:
            raise unknown_name("split", name, SPLITS)
    if "train" not in data:
        raise UsageError(f"A dictionary of data needs 'train'; given only {', '.join(data)}.")
    for name, images in data.items():
        if images.classes != data["train"].classes:
            raise UsageError(
                f"The classes of {name!r} are not those of 'train': {images.classes} and "
                f"{data['train'].classes}. Give both the same, in the same order."
            )
    return dict(data)


def _begins_as_zip(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(2) == b"PK"


def _copies(
    data: Data, train: ImageSet, reading: Reading
) -> tuple[list[list[int]], tuple[str, ...]]:
    """Groups of training images that belong on one side, and what to say about them.

    In published data sets none are looked for: what others divided in the same way should stay
    comparable.
    """
    if isinstance(data, str | Path) and str(data) in NAMED:
        return [], ()
    tree = tree_of(data, reading)
    if tree is None:
        exact = find_same_pixels([train])
        return (exact, ()) if reading.rules == 1 else add_near_copies(train, exact)
    files = tree.listing().files
    contents = dict(zip(map(tree.where, files), tree.contents(files), strict=True))
    exact = group_by_key([contents.get(path, path) for path in train.paths], range(len(train)))
    if reading.rules == 1:
        return exact, ()
    if len(train) > NEAR_LIMIT:
        return add_near_copies(train, exact)
    # At one size, so that the size that is asked for doesn't decide what is copy and what isn't.
    seen = replace(reading, fit="stretch")
    small = folder.read(tree, size=COMPARED_SIZE, channels=None, reading=seen)["train"]
    if small.paths != train.paths:
        return exact, ()  # files changed in between
    return add_near_copies(small, merge(len(train), exact, find_same_pixels([small])))


def _complete(
    splits: dict[str, ImageSet],
    seed: int,
    missing: dict[str, float],
    copies: list[list[int]],
    notes: tuple[str, ...],
    reading: Reading,
) -> dict[str, ImageSet]:
    """Take the splits that are missing out of the training images.

    Args:
        splits: Those of the source.
        seed: Decides which images.
        missing: Split → its share.
        copies: Rows of training images that must come into the same split.
        notes: About the copies.
        reading: Its `rules` decide how copies are kept together.
    """
    train = splits["train"]
    rows = {"train": np.arange(len(train))}
    for name, share in missing.items():
        left = rows["train"]
        if reading.rules == 1:
            stay, chosen = split_stratified(train.labels[left], share, seed)
            stay, chosen = keep_together(left[stay], left[chosen], copies)
        else:
            stay, chosen = split_groups_stratified(train.labels, left, share, seed, copies)
        rows[name], rows["train"] = chosen, stay
    taken = {
        name: train.subset(each, split=name, is_taken=name != "train")
        for name, each in rows.items()
        if len(each)
    }
    for images in taken.values():
        images.notes = (*images.notes, *notes)
    return {name: {**splits, **taken}[name] for name in SPLITS if name in {**splits, **taken}}
