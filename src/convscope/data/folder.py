"""A folder, or a zip archive, with one subfolder of images per class.

The rules:

* **Split folders**: if the top holds a `train` folder with class folders in it, then `train`,
  `val`, `valid`, `validation` and `test` (in any case of letters) are the splits. Otherwise the
  top folders are the classes.
* A single folder around everything (as in many archives) is stepped into.
* **Class**: the first folder below the split; images may lie deeper. Classes are sorted by name;
  names that differ only in case are different classes.
* The classes are those of `train`. A class that only another split has cannot be learned, so its
  images are left out.
* Every file is tried, whatever its name. One that is no image, or is damaged, or lies in no class
  folder, is left out. Nothing is left out silently: `ImageSet.problems` lists all of it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from convscope.data.cache import Append, Record, key_of, remembered
from convscope.data.decode import VERSION, ImageError, decode, is_colour, stored_size
from convscope.data.image_set import ImageSet, Problem, take
from convscope.data.parallel import map_in_order
from convscope.data.tree import Tree
from convscope.errors import UsageError
from convscope.look.progress import progress

DEFAULT_SIZE = 64
"""Height and width where none are asked for: small enough to train tonight on any computer."""

SPLITS = {
    "train": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
}
ADVICE = "Put the images of each class into a folder of its own, as in cats/1.jpg and dogs/1.jpg."


@dataclass(frozen=True)
class FilePlace:
    """Where a file belongs.

    Attributes:
        split: "train", "validation", "test", or "" if the source has no splits.
        label: The class.
        folder: The class's folder.
    """

    split: str
    label: str
    folder: str


def read(tree: Tree, *, size: int | None, channels: int | None) -> dict[str, ImageSet]:
    """Read a folder or archive by the rules above, from the cache where it was decoded before.

    Args:
        tree: The files.
        size: Height and width of the images; None: `DEFAULT_SIZE`.
        channels: 1 or 3; None: 1 if every image is grey, else 3.

    Returns:
        An `ImageSet` for each split that the source has, with the same classes; only "train" if
        it has no splits.

    Raises:
        UsageError: There are no images, or fewer than two classes.
    """
    listing = tree.listing()
    places, problems = places_of(listing.files, tree)
    problems = [*listing.problems, *problems]
    if not places:
        raise UsageError(f"'{tree.where('')}' holds no images in class folders. {ADVICE}")
    images, record = _decoded(tree, list(places), size or DEFAULT_SIZE, channels)
    problems += [Problem(tree.where(file), reason) for file, reason in record["problems"]]
    sizes = Counter((height, width) for height, width in record["sizes"])
    entries = [(file, places[file]) for file in record["files"]]
    return _sets(tree, images, entries, problems, sizes)


def places_of(files: list[str], tree: Tree) -> tuple[dict[str, FilePlace], list[Problem]]:
    """Where each file belongs, and the files that belong nowhere."""
    parts = [file.split("/") for file in files]
    depth = _depth(parts)
    below = [each[depth:] for each in parts]
    splits = _has_split_folders(below)
    tops = {each[0].lower() for each in below if len(each) >= 3}
    if tops and tops <= SPLITS.keys() and not splits:
        raise UsageError(
            f"'{tree.where('')}' has {' and '.join(sorted(tops))} but no train folder with class "
            "folders in it. Add one, or give the folder that holds the class folders."
        )
    places: dict[str, FilePlace] = {}
    problems: list[Problem] = []
    for file, each in zip(files, below, strict=True):
        if splits and len(each) > 1 and each[0].lower() not in SPLITS:
            problems.append(Problem(tree.where(file), "beside the split folders"))
        elif len(each) < 2 + splits:
            problems.append(Problem(tree.where(file), "not in a class folder"))
        else:
            split = SPLITS[each[0].lower()] if splits else ""
            folder = "/".join(file.split("/")[: depth + splits + 1])
            places[file] = FilePlace(split, each[splits], folder)
    order = sorted(places, key=lambda file: (places[file].split, places[file].label, file))
    return {file: places[file] for file in order}, problems


def _has_split_folders(files: list[list[str]]) -> bool:
    return any(len(parts) >= 3 and parts[0].lower() == "train" for parts in files)


def _depth(files: list[list[str]]) -> int:
    """How many folders lie around everything."""
    depth = 0
    while True:
        below = [parts[depth:] for parts in files]
        if len({parts[0] for parts in below}) != 1 or _has_split_folders(below):
            return depth
        if max(len(parts) for parts in below) < 3 or min(len(parts) for parts in below) < 2:
            return depth
        depth += 1


def _decoded(
    tree: Tree, files: list[str], size: int, channels: int | None
) -> tuple[NDArray[np.uint8], Record]:
    """The images, and a record of the `files` they are and of the `problems` with the others."""

    def build(append: Append) -> Record:
        wanted = channels or (3 if _any_colour(tree, files) else 1)

        def one(file: str) -> tuple[NDArray[np.uint8], tuple[int, int]] | str:
            try:
                content = tree.read(file)
                return decode(content, size=size, channels=wanted), stored_size(content)
            except ImageError as error:
                return error.reason

        record: Record = {"files": [], "sizes": [], "problems": []}
        with progress(f"Decoding {tree.name}", len(files)) as advance:
            for file, result in zip(files, map_in_order(one, files, advance), strict=True):
                if isinstance(result, str):
                    record["problems"].append([file, result])
                else:
                    image, stored = result
                    append(image)
                    record["files"].append(file)
                    record["sizes"].append(stored)
        if not record["files"]:
            raise UsageError(
                f"None of the {len(files)} files in '{tree.where('')}' is an image that can be "
                f"used. The first: {tree.where(files[0])}: {record['problems'][0][1]}."
            )
        return record

    return remembered(key_of(VERSION, size, channels, files, tree.digests(files)), build)


def _any_colour(tree: Tree, files: list[str]) -> bool:
    def has_colour(file: str) -> bool:
        try:
            return is_colour(tree.read(file))
        except ImageError:
            return False

    return any(map_in_order(has_colour, files))


def _sets(
    tree: Tree,
    images: NDArray[np.uint8],
    entries: list[tuple[str, FilePlace]],
    problems: list[Problem],
    sizes: Counter[tuple[int, int]],
) -> dict[str, ImageSet]:
    """One set per split, with the classes of the training images."""
    rows: dict[str, list[int]] = {}
    for row, (_, place) in enumerate(entries):
        rows.setdefault(place.split or "train", []).append(row)
    classes = sorted({entries[row][1].label for row in rows.get("train", [])})
    if len(classes) < 2:
        raise UsageError(
            f"'{tree.where('')}' has images of a single class to train on ({classes}); a "
            f"classifier needs at least two. {ADVICE}"
        )
    labels = {name: label for label, name in enumerate(classes)}
    strangers = Counter(place.folder for _, place in entries if place.label not in labels)
    for folder, count in strangers.items():
        reason = f"its class is not in train, so its images ({count}) are left out"
        problems = [*problems, Problem(tree.where(folder), reason)]
    sets = {}
    for split in ("train", "validation", "test"):
        chosen = [row for row in rows.get(split, []) if entries[row][1].label in labels]
        if chosen:
            sets[split] = ImageSet(
                take(images, chosen),
                [labels[entries[row][1].label] for row in chosen],
                classes,
                paths=[tree.where(entries[row][0]) for row in chosen],
                name=tree.name,
                split=split,
                problems=problems,
                original_sizes=sizes,
            )
    return sets
