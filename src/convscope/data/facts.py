"""What a forecast must know of images, found without decoding them: shape, counts, classes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from convscope.data.decode import ImageError, is_colour
from convscope.data.exact_duplicates import group_by_key
from convscope.data.folder import DEFAULT_SIZE, layout_of
from convscope.data.folds import Fold, choose_groups, split_folds
from convscope.data.image_set import ImageSet
from convscope.data.load import NAMED, TEST_SHARE, Data, load_splits, tree_of
from convscope.data.reading import DEFAULT, Reading
from convscope.data.splits import split_stratified
from convscope.data.tree import Tree
from convscope.errors import UsageError, unknown_name

LOOKED_AT = 20  # files of a folder, to see whether there is colour in them


@dataclass(frozen=True)
class DataFacts:
    """What a forecast must know of a data set.

    Attributes:
        shape: (C, H, W) of the images in memory.
        counts: Images of each split; groups (`group_by`) stay together. Where training divides
            them, copies of an image do, too, which isn't known here and may change a count by as
            many.
        classes: How many.
    """

    shape: tuple[int, int, int]
    counts: dict[str, int]
    classes: int


@dataclass(frozen=True)
class _Source:
    """A data set as its source has it: training images of each class, and the other splits.

    Where groups of images belong together, `grouped` has the class and group of each image.
    """

    shape: tuple[int, int, int]
    per_class: tuple[int, ...]
    others: dict[str, int]
    grouped: tuple[tuple[int, str], ...] = ()


_TEST = {"test": 10_000}
_KNOWN = {
    "digits": _Source((1, 8, 8), (178, 182, 177, 183, 181, 182, 181, 179, 174, 180), {}),
    "mnist": _Source(
        (1, 28, 28), (5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949), _TEST
    ),
    "fashion-mnist": _Source((1, 28, 28), (6000,) * 10, _TEST),
    "cifar10": _Source((3, 32, 32), (5000,) * 10, _TEST),
}


def collect_facts(
    data: Data,
    *,
    size: int | None = None,
    validation: float = 0.1,
    reading: Reading = DEFAULT,
    fold: Fold | None = None,
) -> DataFacts:
    """Shape, counts and classes of a data set, divided into splits as training does.

    Args:
        data: As for `load`.
        size: Height and width that the images of a folder are resized to when they are read.
        validation: Share of the training images held out.
        reading: As for `load`.
        fold: As for `load_splits`.

    Raises:
        UsageError: There is no such data, or there are no images in it.
    """
    if isinstance(data, ImageSet | Mapping):
        splits = load_splits(data, validation=validation, reading=reading, fold=fold)
        train = splits["train"]
        counts = {name: len(images) for name, images in splits.items()}
        return DataFacts(train.image_shape, counts, len(train.classes))
    source = _KNOWN.get(str(data)) or _of_tree(_tree(data, reading), size or DEFAULT_SIZE, reading)
    return DataFacts(
        source.shape,
        _divide_groups(source, validation, fold)
        if source.grouped
        else _divide(source, validation, 1 / fold[1] if fold else TEST_SHARE),
        len(source.per_class),
    )


def _tree(data: str | Path, reading: Reading) -> Tree:
    tree = tree_of(data, reading)
    if tree is not None:
        return tree
    raise UsageError(
        f"{unknown_name('data set', str(data), NAMED)} The path of a folder or .zip with one "
        "subfolder of images per class is accepted as well, or of a .csv or .tsv of labels."
    )


def _of_tree(tree: Tree, size: int, reading: Reading) -> _Source:
    places = layout_of(tree, reading).places
    counts = Counter(place.split or "train" for place in places.values())
    own = [each for each in places.values() if each.split in ("", "train")]
    train = Counter(each.label for each in own)
    del counts["train"]
    stride = max(1, len(places) // LOOKED_AT)
    has_colour = any(_is_colour(tree, file) for file in list(places)[::stride])
    grouped: tuple[tuple[int, str], ...] = ()
    if any(each.group for each in own):
        numbers = {label: number for number, label in enumerate(train)}
        grouped = tuple((numbers[each.label], each.group) for each in own)
    shape = (3 if has_colour else 1, size, size)
    return _Source(shape, tuple(train.values()), dict(counts), grouped)


def _is_colour(tree: Tree, file: str) -> bool:
    try:
        return is_colour(tree.read(file))
    except ImageError:
        return False


def _divide(source: _Source, validation: float, test: float) -> dict[str, int]:
    """The counts after the splits that are missing were taken out of the training images."""
    result = dict(source.others)
    labels = np.repeat(np.arange(len(source.per_class)), source.per_class)
    for name, share in (("test", test), ("validation", validation)):
        if name not in result and share:
            stay, chosen = split_stratified(
                labels, share, seed=0
            )  # their numbers don't depend on it
            result[name], labels = len(chosen), labels[stay]
    return {**result, "train": len(labels)}


def _divide_groups(source: _Source, validation: float, fold: Fold | None) -> dict[str, int]:
    """The counts where groups stay together: divided just as training does."""
    result, missing = dict(source.others), {"test": TEST_SHARE, "validation": validation}
    labels = np.array([label for label, _ in source.grouped])
    keys = [group for _, group in source.grouped]
    together = group_by_key(keys, (row for row, key in enumerate(keys) if key))
    left = np.arange(len(labels))
    for name, share in missing.items():
        if name in result or not share:
            continue
        if fold is not None and name == "test":
            chosen = split_folds(labels, fold[1], 0, together)[fold[0] - 1]
        else:
            chosen = choose_groups(labels, left, share, 0, together)
        left = np.setdiff1d(left, chosen)
        if len(chosen):
            result[name] = len(chosen)
    return {**result, "train": len(left)}
