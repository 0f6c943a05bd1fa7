"""What a forecast must know of pictures, found without decoding them: shape, counts, classes."""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from convscope.data.decode import PictureError, is_colour
from convscope.data.folder import DEFAULT_SIZE, places_of
from convscope.data.image_set import ImageSet
from convscope.data.load import NAMED, TEST_SHARE, Data, load_splits
from convscope.data.tree import FolderTree, Tree, ZipTree
from convscope.errors import UsageError, unknown_name

LOOKED_AT = 20  # files of a folder, to see whether there is colour in them


@dataclass(frozen=True)
class DataFacts:
    """What a forecast must know of a data set.

    Attributes:
        shape: (C, H, W) of the pictures in memory.
        counts: Pictures of each split; those that training divides may differ by a few, because
            every class is divided by itself and copies of a picture stay together.
        classes: How many.
    """

    shape: tuple[int, int, int]
    counts: dict[str, int]
    classes: int


_KNOWN = {
    "digits": DataFacts((1, 8, 8), {"train": 1797}, 10),
    "mnist": DataFacts((1, 28, 28), {"train": 60_000, "test": 10_000}, 10),
    "fashion-mnist": DataFacts((1, 28, 28), {"train": 60_000, "test": 10_000}, 10),
    "cifar10": DataFacts((3, 32, 32), {"train": 50_000, "test": 10_000}, 10),
}


def data_facts(data: Data, *, size: int | None = None, validation: float = 0.1) -> DataFacts:
    """Shape, counts and classes of a data set, divided into splits as training does.

    Args:
        data: As for `load`.
        size: Height and width that the pictures of a folder are resized to when they are read.
        validation: Share of the training pictures held out.

    Raises:
        UsageError: There is no such data, or there are no pictures in it.
    """
    if isinstance(data, ImageSet | Mapping):
        splits = load_splits(data, validation=validation)
        train = splits["train"]
        counts = {name: len(images) for name, images in splits.items()}
        return DataFacts(train.picture_shape, counts, len(train.classes))
    facts = _KNOWN.get(str(data)) or _of_tree(_tree(data), size or DEFAULT_SIZE)
    return DataFacts(facts.shape, _divided(facts.counts, validation), facts.classes)


def _tree(data: str | Path) -> Tree:
    path = Path(data).expanduser()
    if path.is_dir():
        return FolderTree(path)
    if zipfile.is_zipfile(path):
        return ZipTree(path)
    raise UsageError(
        f"{unknown_name('data set', str(data), NAMED)} The path of a folder or .zip with one "
        "subfolder of pictures per class is accepted as well."
    )


def _of_tree(tree: Tree, size: int) -> DataFacts:
    places, _ = places_of(tree.listing().files, tree)
    if not places:
        raise UsageError(f"'{tree.where('')}' holds no pictures in class folders.")
    counts = Counter(place.split or "train" for place in places.values())
    classes = {place.label for place in places.values() if place.split in ("", "train")}
    stride = max(1, len(places) // LOOKED_AT)
    has_colour = any(_is_colour(tree, file) for file in list(places)[::stride])
    return DataFacts((3 if has_colour else 1, size, size), dict(counts), len(classes))


def _is_colour(tree: Tree, file: str) -> bool:
    try:
        return is_colour(tree.read(file))
    except PictureError:
        return False


def _divided(counts: dict[str, int], validation: float) -> dict[str, int]:
    """The counts after the splits that are missing were taken out of the training pictures."""
    train = counts["train"]
    result = dict(counts)
    if "test" not in result:
        result["test"] = round(TEST_SHARE * train)
        train -= result["test"]
    if "validation" not in result and validation:
        result["validation"] = round(validation * train)
        train -= result["validation"]
    return {**result, "train": train}
