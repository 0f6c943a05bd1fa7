"""Layouts that don't follow folders: by a table, labels in archives, or a pattern of file names.

A pattern is a regular expression that is looked for in the path of each file below the data's
folder, parted by "/". Its group called `label`, or else its first, is the class; groups called
`split` and `group` say those. `^([a-z]+)_` takes `cat` from `cat_017.jpg`.
"""

from __future__ import annotations

import re
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace

from convscope.data.class_names import name_classes, natural_order
from convscope.data.file_kinds import make_printable, may_be_image
from convscope.data.image_set import Problem
from convscope.data.label_table import LabelledFile
from convscope.data.layout import FilePlace, Layout
from convscope.data.layout_words import classes_in_words, count_splits
from convscope.data.name_patterns import check_pattern, group_of
from convscope.data.reading import Reading
from convscope.data.split_names import find_split_roles
from convscope.data.table_tree import TableTree
from convscope.data.tar_tree import TarTree
from convscope.data.tree import Listing, Tree
from convscope.errors import UsageError
from convscope.look.numbers import counted

WHAT = {"path": "paths", "label": "classes", "split": "splits", "group": "groups"}


def layout_of_table(tree: TableTree) -> Layout:
    """Where each file that a table names belongs.

    Raises:
        UsageError: The table can't be used.
    """
    found, problems = tree.labelled
    columns = ", ".join(
        f"{what} in {make_printable(tree.content.columns[role])!r}"
        for role, what in WHAT.items()
        if role in tree.content.columns
    )
    notes = []
    if tree.repeated:
        notes.append(
            f"{counted(tree.repeated, 'line')} of the table "
            f"{'names' if tree.repeated == 1 else 'name'} a file that another names too; it counts "
            "once"
        )
    return _lay_out(found, problems, f"The table names {columns}", notes)


def layout_of_shards(tree: TarTree, reading: Reading) -> Layout:
    """Where each image belongs whose label stands beside it in its archive.

    Raises:
        UsageError: Names of archives don't tell which split they are, or folders are given for it.
    """
    if isinstance(reading.split_folders, Mapping):
        raise UsageError(
            "split_folders (--split-folders) names folders, and labels in archives have none: "
            "splits go by the names of the archives, as train-0.tar and test-0.tar. Name them so, "
            "or give none."
        )
    found, problems, notes = tree.labelled(
        is_divided=reading.split_folders == "auto", is_for_known=bool(reading.known)
    )
    return _lay_out(found, problems, f"{counted(tree.shards, 'archive')} with labels", notes)


def layout_by_pattern(tree: Tree, listing: Listing, pattern: str) -> Layout:
    """Where each file belongs whose name tells its class.

    Args:
        tree: Says how people find a file.
        listing: Its files.
        pattern: As above.

    Raises:
        UsageError: No image's name has what is looked for, or a split isn't known.
    """
    expression = re.compile(pattern)
    named = expression.groupindex
    images = [file for file in listing.files if may_be_image(file) is not False]
    splits = _split_names(expression, images) if "split" in named else {}
    found: dict[str, LabelledFile] = {}
    others: dict[str, list[str]] = defaultdict(list)
    for file in images:
        match = expression.search(file)
        label = match.group("label" if "label" in named else 1) if match else None
        if match is None or not label:
            others[file.rpartition("/")[0]].append(file)
            continue
        split = splits[match.group("split") or ""] if "split" in named else ""
        group = (match.group("group") or "") if "group" in named else ""
        found[file] = LabelledFile(file, label, split, group)
    if not found:
        example = f", as that of {images[0]!r}" if images else ""
        raise UsageError(
            f"class_from (--class-from) {pattern!r} finds no class in the path of any image in "
            f"'{tree.where('')}'{example}. It is a regular expression whose group is the class, as "
            "'([a-z]+)_' in cat_017.jpg; without it (\"\") the folders are the classes."
        )
    reason = "no class in the name by the pattern"
    problems = [
        Problem(tree.where(files[0]), reason)
        if len(files) == 1
        else Problem(
            tree.where(folder), f"{len(files):,} files are left out: {reason} (as in {files[0]})"
        )
        for folder, files in others.items()
    ]
    return _lay_out(found, problems, f"Classes are in the names of files, by {pattern!r}", [])


def group_places(
    places: Mapping[str, FilePlace], tree: Tree, reading: Reading
) -> dict[str, FilePlace]:
    """The places, with the groups that `group_by` says.

    Raises:
        UsageError: It is no column and no pattern that the path of any file has; or `columns` or
            `images`, which are for tables, are given for a folder.
    """
    if not isinstance(tree, TableTree):
        for name in ("columns", "images"):
            if getattr(reading, name):
                raise UsageError(
                    f"{name} (--{name}) is for a table of labels, and '{tree.where('')}' is none. "
                    "Give the table as data, or leave it out."
                )
    elif reading.class_from:
        raise UsageError(
            f"class_from (--class-from) is for folders; '{tree.where('')}' has classes itself. "
            "Leave it out."
        )
    pattern = reading.group_by
    is_column = isinstance(tree, TableTree) and tree.content.columns.get("group") == pattern
    if not pattern or is_column:
        return dict(places)
    check_pattern("group_by", pattern, groups=0)
    grouped = {
        file: replace(place, group=group_of(pattern, file)) for file, place in places.items()
    }
    if not any(place.group for place in grouped.values()):
        what = "is no column of the table, and " if isinstance(tree, TableTree) else ""
        raise UsageError(
            f"group_by (--group-by) {pattern!r} {what}matches the path of no image, as "
            f"{next(iter(places))!r}. It is a regular expression whose match, or first group, is "
            "what images have in common, as 'patient[0-9]+'."
        )
    return grouped


def _split_names(expression: re.Pattern[str], files: list[str]) -> dict[str, str]:
    """What stands in a pattern's group for splits → the split."""
    matches = [(file, match) for file in files if (match := expression.search(file))]
    roles = find_split_roles({match.group("split") or "" for _, match in matches})
    for file, match in matches:
        if (match.group("split") or "") not in roles:
            raise UsageError(
                f"class_from (--class-from): {match.group('split')!r} in {file!r} is no split; "
                "train, validation and test are."
            )
    return roles


def _lay_out(
    found: Mapping[str, LabelledFile], problems: list[Problem], sentence: str, notes: list[str]
) -> Layout:
    """Files with labels as a layout: in the order of splits, classes and names."""
    names, said = name_classes(entry.label for entry in found.values())
    ranks = {label: rank for rank, label in enumerate(sorted({*names.values()}, key=natural_order))}
    unsorted = {
        file: FilePlace(
            entry.split,
            names[entry.label],
            sys.intern(file.rpartition("/")[0]),  # one text for all files of a folder
            group=entry.group,
        )
        for file, entry in found.items()
    }
    places = dict(
        sorted(unsorted.items(), key=lambda each: (each[1].split, ranks[each[1].label], each[0]))
    )
    trained = (place.label for place in places.values() if place.split in ("", "train"))
    classes = classes_in_words(list(dict.fromkeys(trained)))
    counts = Counter(place.split for place in places.values())
    divided = "" if "" in counts else f"; {count_splits(counts)}"
    return Layout(places, problems, (f"{sentence}{divided}; {classes}", *notes, *said))
