"""Data by name, by folder, by archive or as arrays; and the splits that a source lacks."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from convscope.data import cifar, digits, folder, mnist
from convscope.data.convert import convert
from convscope.data.divide import check_fold, groups_to_keep_together, take_missing_splits
from convscope.data.file_kinds import make_printable
from convscope.data.folds import Fold
from convscope.data.given import check_is_data
from convscope.data.image_set import ImageSet
from convscope.data.label_table import SUFFIXES, is_table
from convscope.data.reading import DEFAULT, SPLITS, Reading
from convscope.data.shards import find_shards
from convscope.data.table_tree import TableTree
from convscope.data.tar_tree import TarTree
from convscope.data.tree import FolderTree, Tree
from convscope.data.zip_tree import ZipTree
from convscope.errors import UsageError, unknown_name

Data: TypeAlias = str | Path | ImageSet | Mapping[str, ImageSet]
"""A name, the path of a folder, archive(s) or table of labels, or images that are there already."""

TEST_SHARE = 0.2
"""Of a source that has no test images, this share is set aside before anything is trained."""

SHEETS = (".xlsx", ".xls", ".ods", ".numbers")
"""Suffixes of spreadsheets, which aren't read."""

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
            a subfolder of images per class, or with classes in file names; the path of a table of
            labels (`.csv`, `.tsv`); tar archives (`data.shards` says which: a path, or a pattern
            as `shards/*.tar`); an `ImageSet`, or a dictionary of them.
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
    fold: Fold | None = None,
) -> dict[str, ImageSet]:
    """All splits of a data set, with the same classes.

    A split that the source lacks is taken out of its training images, with the same share of
    every class: a fifth for "test", then the share `validation` of the rest for "validation". So
    nothing is ever chosen by test images, and there always are some. Images that are the same or
    nearly so, or of one group, come into the same split (`divide`).

    Args:
        data: As for `load`.
        size: As for `load`.
        channels: As for `load`.
        seed: Decides which images are taken out.
        validation: Share of the training images to hold out where the source has no validation
            split; 0 for none.
        reading: As for `load`.
        fold: (number, how many) for cross-validation: which part of the images is for testing, as
            (2, 5) for the second of five; None: a fifth, chosen at random.

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
    if fold is not None:
        check_fold(fold, splits)
    if not missing:
        return splits
    together: list[list[int]] = []
    notes: tuple[str, ...] = ()
    # Published data sets stay comparable with what others divided in the same way.
    if not isinstance(data, str | Path) or str(data) not in NAMED:
        together, notes = groups_to_keep_together(tree_of(data, reading), splits["train"], reading)
    return take_missing_splits(splits, seed, missing, together, notes, reading, fold)


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


def suit_reading(reading: Reading, data: Data) -> Reading:
    """A reading without what data of this kind don't have: columns a folder, a pattern a table."""
    if not isinstance(data, str | Path) or str(data) in NAMED:
        return replace(reading, class_from="", columns={}, images="", group_by="")
    if is_table(Path(data).expanduser()):
        return replace(reading, class_from="")
    return replace(reading, columns={}, images="")


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
    if is_table(path):
        return _tree_of_table(path, reading)
    return _tree_of_files(path, reading)


def _tree_of_files(path: Path, reading: Reading) -> Tree | None:
    shards = find_shards(path)
    if shards:
        return TarTree(path, shards)
    if path.is_dir():
        return FolderTree(path)
    if not (path.is_file() and zipfile.is_zipfile(path)):
        return None
    encoding = reading.zip_encoding
    if encoding == "auto" and reading.rules == 1:
        encoding = "cp437"  # as Python has it where nothing is said
    return ZipTree(path, encoding)


def _tree_of_table(path: Path, reading: Reading) -> Tree:
    root = Path(reading.images).expanduser() if reading.images else path.parent
    images = _tree_of_files(root, reading)
    if images is None:
        raise UsageError(f"images (--images): '{root}' is no folder or zip archive of images.")
    return TableTree(
        path, images, root if root.is_dir() else None, reading.columns, reading.group_by
    )


def _source(
    data: Data, size: int | None, channels: int | None, reading: Reading
) -> dict[str, ImageSet]:
    """The splits that the source has."""
    check_is_data(data)
    tree = tree_of(data, reading)
    if tree is None:
        _check_for_files(reading)
    if isinstance(data, ImageSet):
        return {"train": data}
    if isinstance(data, Mapping):
        return _check_splits(data)
    if isinstance(data, str) and data in NAMED:
        return NAMED[data]()
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
            f"'{path}' is neither a folder nor a zip archive nor a table. Give a folder or .zip "
            "with one subfolder of images per class, or a .csv or .tsv of paths and classes."
            + (" Save the sheet as CSV." if path.suffix.casefold() in SHEETS else "")
        )
    if isinstance(data, Path) or os.sep in data or path.suffix in (".zip", *SUFFIXES):
        what = "table" if path.suffix in SUFFIXES else "folder or zip archive"
        raise UsageError(f"There is no {what} '{path}'. Check the path.")
    message = unknown_name("data set", data, NAMED)
    raise UsageError(
        f"{message} The path of a folder or .zip with one subfolder of images per class is "
        "accepted as well, or of a .csv or .tsv of paths and classes."
    )


def _check_for_files(reading: Reading) -> None:
    """Complain about what only files have.

    Raises:
        UsageError: It was given for something else.
    """
    for name in ("class_from", "columns", "images", "group_by"):
        if getattr(reading, name):
            raise UsageError(
                f"{name} (--{name.replace('_', '-')}) is for a folder, zip or table of images of "
                "your own; an ImageSet has labels and groups=… itself."
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
