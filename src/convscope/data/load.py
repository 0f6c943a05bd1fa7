"""Data by name, by folder, by archive or as arrays; and the splits that a source lacks."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import numpy as np

from convscope.data import cifar, digits, folder, mnist
from convscope.data.convert import convert
from convscope.data.given import check_is_data
from convscope.data.exact_duplicates import groups, same_pixels
from convscope.data.image_set import ImageSet
from convscope.data.splits import keep_together, stratified
from convscope.data.tree import FolderTree, Tree, ZipTree
from convscope.errors import UsageError, unknown_name

Data: TypeAlias = str | Path | ImageSet | Mapping[str, ImageSet]
"""A name, the path of a folder or `.zip`, or images that are there already."""

SPLITS = ("train", "validation", "test")
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
) -> ImageSet:
    """One split of a data set, whole (no validation images are taken out of "train").

    Args:
        data: `digits`, `fashion-mnist`, `mnist` or `cifar10`; the path of a folder or `.zip` with
            a subfolder of images per class; an `ImageSet`, or a dictionary of them.
        split: "train" or "test"; "validation" if the source has one.
        size: Height and width of the images; None keeps them (64 for a folder).
        channels: 1 or 3; None keeps them (for a folder: 1 if all images are grey, else 3).
        seed: Decides which images are for testing, where the source does not.

    Raises:
        UsageError: There is no such data or split, or it cannot be used.
        ConvscopeError: A file is damaged or could not be downloaded.
    """
    if split not in SPLITS:
        raise unknown_name("split", split, SPLITS)
    splits = load_splits(data, size=size, channels=channels, seed=seed, validation=0)
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
) -> dict[str, ImageSet]:
    """All splits of a data set, with the same classes.

    A split that the source lacks is taken out of its training images, with the same share of
    every class: a fifth for "test", then the share `validation` of the rest for "validation". So
    nothing is ever chosen by test images, and there always are some. Files that are the same, and
    arrays that are, come into the same split.

    Args:
        data: As for `load`.
        size: As for `load`.
        channels: As for `load`.
        seed: Decides which images are taken out.
        validation: Share of the training images to hold out where the source has no validation
            split; 0 for none.

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
    splits = source_splits(data, size=size, channels=channels)
    shares = {"test": TEST_SHARE, "validation": validation}
    missing = {name: share for name, share in shares.items() if name not in splits and share > 0}
    return _complete(splits, seed, missing, _copies(data, splits["train"]) if missing else [])


def source_splits(
    data: Data, *, size: int | None = None, channels: int | None = None
) -> dict[str, ImageSet]:
    """The splits that the source itself has: "train" alone where it isn't divided.

    Args:
        data: As for `load`.
        size: As for `load`.
        channels: As for `load`.

    Raises:
        UsageError: There is no such data, or it cannot be used.
        ConvscopeError: A file is damaged or could not be downloaded.
    """
    if size is not None and size < 1:
        raise UsageError(f"size must be at least 1 pixel, or None to keep it; given {size}.")
    if channels not in (None, 1, 3):
        raise UsageError(f"channels must be 1 (grey) or 3 (colour), or None; given {channels}.")
    splits = _source(data, size, channels)
    return {name: convert(each, size=size, channels=channels) for name, each in splits.items()}


def tree_of(data: Data) -> Tree | None:
    """The files behind the path of a folder or archive; None for anything else."""
    if not isinstance(data, str | Path) or str(data) in NAMED:
        return None
    path = Path(data).expanduser()
    if path.is_dir():
        return FolderTree(path)
    return ZipTree(path) if path.is_file() and zipfile.is_zipfile(path) else None


def _source(data: Data, size: int | None, channels: int | None) -> dict[str, ImageSet]:
    """The splits that the source has."""
    check_is_data(data)
    if isinstance(data, ImageSet):
        return {"train": data}
    if isinstance(data, Mapping):
        return _checked(data)
    if isinstance(data, str) and data in NAMED:
        return NAMED[data]()
    tree = tree_of(data)
    if tree is not None:
        return folder.read(tree, size=size, channels=channels)
    path = Path(data).expanduser()
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


def _checked(data: Mapping[str, ImageSet]) -> dict[str, ImageSet]:
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


def _copies(data: Data, train: ImageSet) -> list[list[int]]:
    """Groups of training images that are the same, whatever size they are read at.

    In published data sets none are looked for: what others divided in the same way should stay
    comparable.
    """
    if isinstance(data, Mapping):
        return same_pixels([data["train"]])
    if isinstance(data, ImageSet):
        return same_pixels([data])
    tree = tree_of(data)
    if tree is None:
        return []
    files = tree.listing().files
    contents = dict(zip(map(tree.where, files), tree.contents(files), strict=True))
    return groups([contents.get(path, path) for path in train.paths], range(len(train)))


def _complete(
    splits: dict[str, ImageSet], seed: int, missing: dict[str, float], copies: list[list[int]]
) -> dict[str, ImageSet]:
    """Take the splits that are missing out of the training images.

    Args:
        splits: Those of the source.
        seed: Decides which images.
        missing: Split → its share.
        copies: Rows of training images that must come into the same split.
    """
    train = splits["train"]
    rows = {"train": np.arange(len(train))}
    for name, share in missing.items():
        stay, chosen = stratified(train.labels[rows["train"]], share, seed)
        stay, chosen = keep_together(rows["train"][stay], rows["train"][chosen], copies)
        rows[name], rows["train"] = chosen, stay
    taken = {name: train.subset(each, split=name) for name, each in rows.items() if len(each)}
    return {name: {**splits, **taken}[name] for name in SPLITS if name in {**splits, **taken}}
