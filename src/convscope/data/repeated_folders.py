"""Folders that hold all that lies around them a second time, as wrongly packed archives do.

Their folders have the names of those beside them. That they are a second time shows by the very
same files, at any depth; by their name, if it is that of the folder around them; and, inside the
folder of a split, by the name of a split, as in `train/cats`, `train/dogs`, `train/train/cats`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Set

from convscope.data.folder_shapes import Parts
from convscope.data.layout_words import a_second_time
from convscope.data.split_names import find_split_roles

COPIED = 0.9
"""From this share of the same files on, a folder is a copy of those beside it."""


def find_repeated_folders(
    images: Iterable[Parts], outer: Parts, root: str, kept: Set[str]
) -> dict[Parts, str]:
    """Folder → why it is left out; none of them lies in another one.

    Args:
        images: The paths.
        outer: The folders around everything.
        root: The name of the folder or archive that the paths begin in.
        kept: Names of folders that are asked for, and so aren't left out.
    """
    paths = [path for path in images if path[: len(outer)] == outer]
    inside: dict[Parts, set[str]] = defaultdict(set)
    for folder in {path[:-1] for path in paths}:
        for depth in range(len(outer), len(folder)):
            inside[folder[:depth]].add(folder[depth])
    found: dict[Parts, str] = {}
    for folder in sorted(inside, key=len):
        for name in sorted(inside[folder] - kept):
            child = (*folder, name)
            inner = inside.get(child, set()) - {name}
            is_in_found = any(child[: len(each)] == each for each in found)
            if is_in_found or len(inner) < 2 or not inner <= inside[folder] - {name}:
                continue
            if _are_copies(paths, folder, name, inner):
                found[child] = a_second_time(are_same=True)
            elif _is_by_name(folder, name, outer, root):
                found[child] = a_second_time(are_same=False)
    return found


def _is_by_name(folder: Parts, name: str, outer: Parts, root: str) -> bool:
    if folder == outer:
        return name == (folder[-1] if folder else root)
    return bool(find_split_roles(folder[-1:])) and bool(find_split_roles([name]))


def _are_copies(paths: Iterable[Parts], folder: Parts, name: str, inner: Set[str]) -> bool:
    """Whether nearly all files of a folder are those beside it."""
    beside: set[Parts] = set()
    below: list[Parts] = []
    for path in paths:
        if path[: len(folder)] == folder:
            rest = path[len(folder) :]
            if rest[0] == name:
                while rest[0] == name and len(rest) > 1:  # as often as it is in itself
                    rest = rest[1:]
                below.append(rest)
            elif rest[0] in inner:
                beside.add(rest)
    return sum(path in beside for path in below) >= COPIED * len(below)
