"""How the folders of a data set are to be understood: which are splits, which are classes.

The rules, which only files that may be images count for (stray files never matter):

* Single folders around everything are stepped into.
* **Splits by name**: folders called `train`, `Testing`, `val_set`, `训练集` and the like
  (`split_names`) are splits, if there is one for training with class folders in it. Class folders
  beside a `test` folder that has folders of the same names are the classes to train on.
* **Splits by structure**: where all top folders hold folders of the same names and their own names
  say nothing, they may be splits or classes. That is asked, not guessed: `split_folders` answers.
* **Splits in classes**: where each top folder holds a folder for training and other splits, and
  nothing else, as in `cats/train`, the top folders are the classes.
* **Classes**: else the top folders. Images may lie deeper.
* A folder that holds all that lies around it a second time counts once, at any depth
  (`repeated_folders`).
* A file that belongs nowhere is left out, and reported with its like in one line.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, replace
from typing import Any

from convscope.data.class_names import name_classes, natural_order
from convscope.data.companions import find_companions
from convscope.data.decode import ImageError
from convscope.data.file_kinds import begins_as_image, make_printable, may_be_image
from convscope.data.folder_shapes import (
    Parts,
    class_folders,
    each_holds_splits,
    exchange,
    folders_around,
    hold_classes,
    hold_the_same,
    top_folders,
    wrapper_of,
)
from convscope.data.image_set import Problem
from convscope.data.layout_words import (
    ask_about_one,
    ask_about_parts,
    ask_which_are_splits,
    check_kinds,
    layout_in_words,
    no_class_folders,
    no_such_folder,
    no_training_folder,
    several_sets,
)
from convscope.data.reading import Reading
from convscope.data.repeated_folders import find_repeated_folders
from convscope.data.split_names import are_parts, find_split_roles
from convscope.data.tree import Listing, Tree
from convscope.errors import UsageError
from convscope.look.names import join_names

HERE = ""
"""Stands for the class folders themselves where they are for training and splits lie beside."""


@dataclass(frozen=True, slots=True)
class FilePlace:
    """Where a file belongs.

    Attributes:
        split: "train", "validation", "test", or "" if the source has no splits.
        label: The class.
        folder: The class's folder, or the one that it lies in.
        group: What it must stay together with in one split; "" for nothing.
    """

    split: str
    label: str
    folder: str
    group: str = ""


@dataclass(frozen=True)
class Layout:
    """What was understood.

    Attributes:
        places: File → where it belongs, in the order of splits, classes and names.
        problems: What belongs nowhere.
        notes: Sentences for people; the first says what was understood.
    """

    places: dict[str, FilePlace]
    problems: list[Problem]
    notes: tuple[str, ...]


def find_layout(tree: Tree, listing: Listing, reading: Reading) -> Layout:
    """Understand the folders of a tree by the rules above.

    Args:
        tree: Says how people find a file.
        listing: Its files.
        reading: `split_folders`, `known` and `rules` count.

    Raises:
        UsageError: The folders can be understood in two ways, or not at all; asks or says so.
    """
    files = {file: tuple(file.split("/")) for file in listing.files}
    found = _images(tree, listing.files)
    companions = find_companions(found) if reading.rules == 2 else {}
    files = {file: path for file, path in files.items() if file not in companions}
    images = [files[file] for file in found if file in files] or list(files.values())
    given = reading.split_folders
    named = set(given.values()) if isinstance(given, Mapping) else set()
    outer = folders_around(images, named)
    left_out = {file: (file.rpartition("/")[0], why) for file, why in companions.items()}
    kept = named.union(reading.known)
    for again, why in find_repeated_folders(images, outer, tree.name, kept).items():
        inside = [file for file, path in files.items() if path[: len(again)] == again]
        left_out |= dict.fromkeys(inside, ("/".join(again), why))
        images = [path for path in images if path[: len(again)] != again]
    files = {file: path for file, path in files.items() if file not in left_out}
    tops = top_folders(images, outer)
    if given == "auto" and reading.rules == 2 and each_holds_splits(tops):
        if hold_classes(tops):
            raise several_sets(sorted(tops), tree.where("/".join(outer)))
        files = {file: exchange(path, len(outer)) for file, path in files.items()}
        tops = top_folders([exchange(path, len(outer)) for path in images], outer)
    try:
        roles = _roles(tops, reading, tree.where("/".join(outer)))
    except UsageError:
        if reading.rules == 2:
            raise
        roles = {}  # runs of earlier code weren't asked, and took all folders for classes
    placed = _place_files(tree, files, outer, tops, roles, reading)
    nowhere: dict[tuple[str, str], list[str]] = defaultdict(list)
    for file, place in left_out.items():
        nowhere[place].append(file)
    problems = [*placed.problems, *_problems(tree, nowhere)]
    return replace(placed, problems=problems)


def _images(tree: Tree, files: list[str]) -> list[str]:
    """The files that may be images: by their suffix, or by how one of their like begins."""
    unsure: dict[tuple[str, str], bool] = {}

    def counts(file: str) -> bool:
        known = may_be_image(file)
        if known is not None:
            return known
        folder, _, name = file.rpartition("/")
        like = (folder, name.rpartition(".")[2] if "." in name else "")
        if like not in unsure:
            try:
                unsure[like] = begins_as_image(tree.read(file))
            except ImageError:
                unsure[like] = False
        return unsure[like]

    return [file for file in files if counts(file)]


def _roles(tops: Mapping[str, list[Parts]], reading: Reading, where: str) -> dict[str, str]:
    """Top folder → split, empty where the top folders are classes."""
    given = reading.split_folders
    if isinstance(given, Mapping):
        for folder in given.values():
            if folder not in tops:
                raise no_such_folder(folder, list(tops), where)
        roles = {folder: split for split, folder in given.items()}
        return roles if "train" in given else {**roles, HERE: "train"}
    if given == "none" or not tops or tops.keys() & set(reading.known):
        return {}
    roles = find_split_roles(tops)
    inner = {name: class_folders(paths) for name, paths in tops.items()}
    training = {name for name, split in roles.items() if split == "train" and inner[name]}
    others = tops.keys() - roles.keys()
    if training:
        _check_others(tops, roles, inner, others, where)
        return roles
    if roles and not others:
        if len(tops) > 1 and not any(inner.values()):
            raise no_class_folders(sorted(tops), where)
        if len(tops) > 1:
            raise no_training_folder(sorted(tops), where)
        return {}
    evaluated = {name for name in roles if inner[name] and roles[name] != "train"}
    if evaluated and all(inner[name] & others for name in evaluated):
        return {**{name: roles[name] for name in evaluated}, HERE: "train"}
    flat = [name for name in roles if roles[name] != "train" and not inner[name]]
    if flat and len(flat) < len(roles):
        raise no_class_folders(sorted(roles), where)
    if flat:
        raise ask_about_one(flat[0], roles[flat[0]], where, is_flat=True)
    for name, folders in inner.items():
        if len(folders) > 1 and folders <= tops.keys() - {name}:
            raise ask_about_one(name, "test", where, is_flat=False)
    check_kinds(tops, where)
    if hold_the_same(tops, inner):
        raise ask_which_are_splits(sorted(tops), roles, inner, where)
    if are_parts(tops):
        raise ask_about_parts(sorted(tops), where)
    return {}


def _check_others(
    tops: Mapping[str, list[Parts]],
    roles: Mapping[str, str],
    inner: Mapping[str, set[str]],
    others: Set[str],
    where: str,
) -> None:
    """Ask about folders beside `train` that may be splits as well, or classes as `train` may be."""
    with_classes = {roles[name] for name in roles if inner[name]}
    learned = {label for name in roles if roles[name] == "train" for label in inner[name]}
    unclear = [name for name in others if len(inner[name] & learned) > 1]
    if unclear:
        raise ask_which_are_splits(sorted([*roles, *unclear]), roles, inner, where)
    counted = {name: len(paths) for name, paths in tops.items()}
    named = sum(counted[name] for name in roles)
    is_doubtful = len(learned) < 2 or 2 * named < sum(counted.values())
    if others and len(with_classes) < 2 and is_doubtful:
        raise ask_which_are_splits(sorted(tops), roles, inner, where)


def _place_files(
    tree: Tree,
    files: Mapping[str, Parts],
    outer: Parts,
    tops: Mapping[str, list[Parts]],
    roles: Mapping[str, str],
    reading: Reading,
) -> Layout:
    """Put every file where it belongs, and say what was understood."""
    wrappers = {name: wrapper_of(tops[name]) for name in roles if name != HERE}
    depth = len(outer)
    found: dict[str, tuple[str, str, str]] = {}
    nowhere: dict[tuple[str, str], list[str]] = defaultdict(list)
    beside = "beside the split folders" if roles else "beside the class folders"
    for file, path in files.items():
        inside = path[depth:]
        top = inside[0] if inside else ""
        if path[:depth] != outer:
            nowhere[path[0] if len(path) > 1 else "", beside].append(file)
        elif len(inside) < 2:
            nowhere["/".join(outer), "not in a class folder"].append(file)
        elif top in tops and top in roles:
            wrapper = wrappers[top]
            deeper = inside[1 + len(wrapper) :]
            if inside[1 : 1 + len(wrapper)] != wrapper or len(deeper) < 2:
                nowhere["/".join((*outer, top)), "not in a class folder"].append(file)
            else:
                folder = "/".join((*outer, top, *wrapper, deeper[0]))
                found[file] = roles[top], deeper[0], folder
        elif top not in tops:
            nowhere["/".join((*outer, top)), "in a folder without images"].append(file)
        elif roles and HERE not in roles:
            nowhere["/".join((*outer, top)), beside].append(file)
        else:
            found[file] = roles.get(HERE, ""), top, "/".join((*outer, top))
    names, notes = name_classes(name for _, name, _ in found.values())
    order: Callable[[str], Any] = natural_order if reading.rules == 2 else str
    ranks = {label: rank for rank, label in enumerate(sorted(set(names.values()), key=order))}
    unsorted = {
        file: FilePlace(split, names[name], sys.intern(folder))  # one text for all its files
        for file, (split, name, folder) in found.items()
    }
    places = dict(
        sorted(unsorted.items(), key=lambda each: (each[1].split, ranks[each[1].label], each[0]))
    )
    problems = _problems(tree, nowhere)
    if not places:
        return Layout({}, problems, ())
    used = {folder for _, _, folder in found.values()}
    splits = {
        make_printable("/".join((name, *wrappers.get(name, ())))): roles[name]
        for name in roles
        if name == HERE or any(each.startswith("/".join((*outer, name, ""))) for each in used)
    }
    below = (file[len(folder) + 1 :].split("/") for file, (_, _, folder) in found.items())
    nested = sorted({make_printable(path[0]) for path in below if len(path) > 1})
    if len(nested) > 1:
        notes += (f"Folders inside the class folders are no classes: {join_names(nested)}",)
    trained = (place.label for place in places.values() if place.split in ("", "train"))
    sentence = layout_in_words(
        make_printable("/".join(outer)), splits, list(dict.fromkeys(trained))
    )
    return Layout(places, problems, (sentence, *notes))


def _problems(tree: Tree, nowhere: Mapping[tuple[str, str], list[str]]) -> list[Problem]:
    """Files by folder and reason as problems, one line for those of the same."""
    return [
        Problem(tree.where(same[0]), reason)
        if len(same) == 1
        else Problem(tree.where(folder), f"{len(same):,} files are left out: {reason}")
        for (folder, reason), same in nowhere.items()
    ]
