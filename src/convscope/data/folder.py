"""Images in files: a folder or zip with one subfolder per class, or files labelled otherwise.

Which folders are splits and which are classes is found by `layout`; labels that stand in a table or
in the names of files by `labelled_layout`. Besides:

* **Class**: named as in `class_names`; sorted in natural order (1, 2, 10).
* The classes are those of the training images. A class that only another split has cannot be
  learned, so its images are left out.
* Every file is tried, whatever its name. One that is no image, or is damaged, or lies in no class
  folder, is left out. Nothing is left out silently: `ImageSet.problems` lists all of it.
* Grey files of more than 8 bits are scaled by a range that they have in common (`grey_range`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from convscope.data.cache import Append, Record, key_of, load_or_build
from convscope.data.cache_room import make_room
from convscope.data.decode import VERSION, ImageError, decode, is_colour, read_size
from convscope.data.grey_range import find_grey_range
from convscope.data.image_set import ImageSet, Problem, take
from convscope.data.labelled_layout import (
    group_places,
    layout_by_pattern,
    layout_of_shards,
    layout_of_table,
)
from convscope.data.layout import FilePlace, Layout, find_layout
from convscope.data.parallel import map_in_order
from convscope.data.reading import DEFAULT, FULL_RANGE, Fit, GreyRange, Reading
from convscope.data.second_links import leave_out_second_links
from convscope.data.table_tree import TableTree
from convscope.data.tar_tree import TarTree
from convscope.data.tree import FolderTree, Tree
from convscope.errors import UsageError
from convscope.look.names import join_names
from convscope.look.numbers import counted
from convscope.look.progress import progress

DEFAULT_SIZE = 64
"""Height and width where none are asked for: small enough to train tonight on any computer."""

SHOWN = 3
ADVICE = "Put the images of each class into a folder of its own, as in cats/1.jpg and dogs/1.jpg."


ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".7z", ".rar", ".bz2", ".xz")
DARK = 64
"""Images none of whose values reaches this are said to be nearly black."""

BEGINS_WITH_WORD = re.compile(r"([a-z]+)[_.-][^/]*\.(?:jpe?g|png)$", re.IGNORECASE)
"""A file whose name may begin with its class."""

WIDE = 1.6
"""From this ratio of sides on, cropping to a square leaves out more than a third of an image."""


def read(
    tree: Tree, *, size: int | None, channels: int | None, reading: Reading = DEFAULT
) -> dict[str, ImageSet]:
    """Read a folder or archive by the rules above, from the cache where it was decoded before.

    Args:
        tree: The files.
        size: Height and width of the images; None: `DEFAULT_SIZE`.
        channels: 1 or 3; None: 1 if every image is grey, else 3.
        reading: How files are to be understood.

    Returns:
        An `ImageSet` for each split that the source has, with the same classes; only "train" if
        it has no splits.

    Raises:
        UsageError: There are no images, or fewer than two classes, or the folders can be
            understood in two ways.
    """
    layout = layout_of(tree, reading)
    images, record = _decode_all(tree, layout.places, size or DEFAULT_SIZE, channels, reading)
    problems = layout.problems + [
        Problem(tree.where(file), reason) for file, reason in record["problems"]
    ]
    sizes = Counter((height, width) for height, width in record["sizes"])
    entries = [(file, layout.places[file]) for file in record["files"]]
    notes = (*layout.notes, *record["notes"], *_about_shape(sizes, reading.fit))
    grey_range = tuple(record["grey_range"]) if record["grey_range"] else None
    return _sets(
        tree, images, entries, problems, sizes, notes, grey_range, is_for_known=bool(reading.known)
    )


def layout_of(tree: Tree, reading: Reading) -> Layout:
    """Where each file of a tree belongs.

    Raises:
        UsageError: There are no images in class folders, or the folders can be understood in two
            ways.
    """
    listing = tree.listing()
    if isinstance(tree, TableTree):
        found = layout_of_table(tree)
    elif reading.class_from:
        found = layout_by_pattern(tree, listing, reading.class_from)
    elif isinstance(tree, TarTree) and tree.has_labels:
        found = layout_of_shards(tree, reading)
    else:
        found = find_layout(tree, listing, reading)
    if isinstance(tree, FolderTree):
        found = leave_out_second_links(found, tree, listing)
    problems = [*listing.problems, *found.problems]
    if not found.places:
        archives = [file for file in listing.files if file.casefold().endswith(ARCHIVES)]
        shown = "; ".join(f"{each.path}: {each.reason}" for each in problems[:SHOWN])
        more = f"; and {len(problems) - SHOWN:,} more" if len(problems) > SHOWN else ""
        raise UsageError(
            f"'{tree.where('')}' holds no images in class folders. {ADVICE}"
            + (f" Left out: {shown}{more}." if problems else "")
            + _other_ways(tree, listing.files)
            + (f" Unpack {archives[0]} first, if it holds them." if archives else "")
        )
    places = group_places(found.places, tree, reading)
    return Layout(places, problems, (*found.notes, *listing.notes))


def _other_ways(tree: Tree, files: Sequence[str]) -> str:
    """How labels that stand elsewhere than in folders are given, as far as that is to be seen."""
    ways = []
    if isinstance(tree, TableTree):
        return ""
    if isinstance(tree, TarTree):
        ways.append(
            "Or put the class of each beside it, as 17.cls (a number or name) beside 17.jpg in the "
            "same archive."
        )
    tables = [file for file in files if file.casefold().endswith((".csv", ".tsv"))]
    if tables:
        ways.append(f"If {tree.where(tables[0])} says what the images show, give it as data.")
    named = next((found for file in files if (found := BEGINS_WITH_WORD.search(file))), None)
    if named:
        ways.append(
            f"If the class is in the file names, say where, as in --class-from '([a-z]+)[_.-]' for "
            f"{named.group(1)!r} in {named.group(0)!r}."
        )
    return "".join(f" {way}" for way in ways)


def _about_shape(sizes: Mapping[tuple[int, int], int], fit: Fit) -> tuple[str, ...]:
    """What to say where most images lose much by being cropped to a square."""
    wide = {
        (height, width): count
        for (height, width), count in sizes.items()
        if max(height, width) >= WIDE * min(height, width)
    }
    if fit != "crop" or 2 * sum(wide.values()) <= sum(sizes.values()):
        return ()
    height, width = max(wide, key=lambda size: wide[size])
    kept = min(height, width) / max(height, width)
    shape = "wider than high" if width > height else "higher than wide"
    return (
        f"Most images are much {shape} (most often {height}×{width}): cropped to the central "
        f"square, {kept:.0%} of such an image is left. To keep all of it: --fit pad, or stretch",
    )


def _decode_all(
    tree: Tree,
    places: Mapping[str, FilePlace],
    size: int,
    channels: int | None,
    reading: Reading,
) -> tuple[NDArray[np.uint8], Record]:
    """The images, and a record of the `files` they are and of the `problems` with the others."""
    files = list(places)
    training = [file for file in files if places[file].split in ("", "train")]
    given = FULL_RANGE if reading.grey_range is None and reading.rules == 1 else reading.grey_range

    def build(append: Append) -> Record:
        found, notes = (given, ()) if given else find_grey_range(tree, training)
        wanted = channels or (3 if _any_colour(tree, files) else 1)
        what = f"{counted(len(files), 'image')} of {tree.name}"
        make_room(len(files) * wanted * size * size, what)

        def one(file: str) -> tuple[NDArray[np.uint8], tuple[int, int]] | str:
            try:
                content = tree.read(file)
                image = decode(
                    content,
                    size=size,
                    channels=wanted,
                    fit=reading.fit,
                    grey_range=found or FULL_RANGE,
                )
                return image, read_size(content)
            except ImageError as error:
                return error.reason

        record: Record = {"files": [], "sizes": [], "problems": []}
        record |= {"grey_range": found, "notes": list(notes)}
        brightest = 0
        with progress(f"Decoding {tree.name}", len(files)) as advance:
            for file, result in zip(files, map_in_order(one, files, advance), strict=True):
                if isinstance(result, str):
                    record["problems"].append([file, result])
                else:
                    image, stored = result
                    append(image)
                    brightest = max(brightest, int(image.max()))
                    record["files"].append(file)
                    record["sizes"].append(stored)
        if 0 < brightest < DARK:
            record["notes"].append(
                f"No image has a value above {brightest} of 255, so all are nearly black. Of "
                "16-bit colour the upper 8 bits are kept: if the files hold fewer, or are masks, "
                "scale their values to the full range"
            )
        if not record["files"]:
            raise UsageError(
                f"None of the {len(files)} files in '{tree.where('')}' is an image that can be "
                f"used. The first: {tree.where(files[0])}: {record['problems'][0][1]}."
            )
        return record

    how = (reading.fit, given, training if len(training) < len(files) else "all")
    return load_or_build(key_of(VERSION, size, channels, how, files, tree.digests(files)), build)


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
    notes: Sequence[str],
    grey_range: GreyRange | None,
    *,
    is_for_known: bool,
) -> dict[str, ImageSet]:
    """One set per split, with the classes of the training images.

    Data for a network that knows its classes already has those of all splits, and one will do.
    """
    rows: dict[str, list[int]] = {}
    for row, (_, place) in enumerate(entries):
        rows.setdefault(place.split or "train", []).append(row)
    # In the order of the entries, which is that of the layout.
    deciding = range(len(entries)) if is_for_known else rows.get("train", [])
    classes = list(dict.fromkeys(entries[row][1].label for row in deciding))
    if len(classes) < 2 and not is_for_known:
        raise UsageError(
            f"'{tree.where('')}' has images of a single class to train on ({classes}); a "
            f"classifier needs at least two. {ADVICE}{_other_ways(tree, tree.listing().files)}"
        )
    labels = {name: label for label, name in enumerate(classes)}
    for split, chosen in rows.items():
        others = {entries[row][1].label for row in chosen} - labels.keys()
        if len(others) > 1 and all(entries[row][1].label in others for row in chosen):
            raise UsageError(
                f"'{tree.where('')}': none of the classes of {split} "
                f"({join_names(sorted(others))}) "
                f"is one of train ({join_names(classes)}). Name the folders alike, in letters and "
                "case."
            )
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
                notes=notes,
                grey_range=grey_range,
                groups=[entries[row][1].group for row in chosen],
            )
    return sets
