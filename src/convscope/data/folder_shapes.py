"""What folders hold, told by their shape: what lies around everything, what splits hold.

A path is the tuple of its parts, and the paths of images alone count.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from convscope.data.split_names import find_split_roles

Parts: TypeAlias = tuple[str, ...]

MOST_SPLITS = 12
"""More folders than this that hold the same names are classes: nobody divides into so many."""


def folders_around(images: list[Parts], named: set[str]) -> Parts:
    """The folders that lie around everything, from the outside in."""
    outer: Parts = ()
    while True:
        below = [path[len(outer) :] for path in images if path[: len(outer)] == outer]
        tops = {path[0] for path in below if len(path) > 1}
        if len(tops) != 1 or tops & named or max(map(len, below)) < 3:
            return outer
        (top,) = tops
        inside = [path for path in below if len(path) > 1]
        deeper = [path for path in inside if len(path) > 2]
        if len(deeper) < len(inside) and (
            len({path[1] for path in deeper}) < 2 or 2 * len(deeper) < len(inside)
        ):
            return outer  # a class whose images lie in it and deeper
        if find_split_roles(tops).get(top) == "train":
            return outer
        outer = (*outer, top)


def top_folders(images: Iterable[Parts], outer: Parts) -> dict[str, list[Parts]]:
    """Top folder → the paths in it, below the folders around everything."""
    tops: dict[str, list[Parts]] = defaultdict(list)
    for path in _below(images, outer):
        if len(path) > 1:
            tops[path[0]].append(path[1:])
    return tops


def each_holds_splits(tops: Mapping[str, list[Parts]]) -> bool:
    """Whether each top folder holds split folders and nothing else, as in `cats/train/1.jpg`."""
    inner = {path[0] for paths in tops.values() for path in paths if len(path) > 1}
    roles = find_split_roles(inner)
    training = {name for name, split in roles.items() if split == "train"}
    return (
        len(tops) > 1
        and bool(training)
        and roles.keys() == inner
        and len(set(roles.values())) > 1
        and all(any(path[0] in training for path in paths) for paths in tops.values())
        and not find_split_roles(tops)
    )


def hold_classes(tops: Mapping[str, list[Parts]]) -> bool:
    """Whether folders two levels down hold class folders, as in `fold1/train/cats/1.jpg`."""
    return all(len({path[1] for path in paths if len(path) > 2}) > 1 for paths in tops.values())


def exchange(path: Parts, depth: int) -> Parts:
    """A path with the folder of its split before that of its class."""
    if len(path) < depth + 3:
        return path
    return (*path[:depth], path[depth + 1], path[depth], *path[depth + 2 :])


def class_folders(paths: Iterable[Parts]) -> set[str]:
    """The names of the class folders in a split; a single folder around them doesn't count."""
    paths = list(paths)
    return {path[0] for path in _below(paths, wrapper_of(paths)) if len(path) > 1}


def wrapper_of(paths: list[Parts]) -> Parts:
    """Single folders around the class folders of a split, as in `seg_train/seg_train/forest`."""
    outer: Parts = ()
    while True:
        tops = {path[0] for path in _below(paths, outer) if len(path) > 1}
        if len(tops) != 1:
            return outer if tops else ()  # without tops, the last one was a class
        outer = (*outer, *tops)


def _below(paths: Iterable[Parts], outer: Parts) -> list[Parts]:
    return [path[len(outer) :] for path in paths if path[: len(outer)] == outer]


def hold_the_same(tops: Mapping[str, list[Parts]], inner: Mapping[str, set[str]]) -> bool:
    """Whether all top folders hold the same class folders, or some of those of one of them."""
    largest = max(inner.values(), key=len, default=set())
    return (
        1 < len(tops) <= MOST_SPLITS
        and len(largest) > 1
        and all(each and each <= largest for each in inner.values())
        and sum(len(each) > 1 for each in inner.values()) > 1
    )
