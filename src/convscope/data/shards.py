"""Which tar archives are meant: one, a folder of them, or a pattern of names.

Large sets come as many archives, called shards, as `train-000000.tar` to `train-000146.tar`. A
pattern names them as a shell would: `*`, `?`, `[…]`, and in braces a list or range,
`train-{000000..000146}.tar`. A folder counts as one of shards if it holds archives, directly or in
folders in it (`train/0.tar`), and no images.
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Sequence
from pathlib import Path

from convscope.data.class_names import natural_order
from convscope.data.file_kinds import is_ignored, may_be_image
from convscope.data.label_table import SUFFIXES as TABLES
from convscope.data.label_table import name_table
from convscope.errors import UsageError

SUFFIX = ".tar"
MOST = 100_000
"""Shards that a pattern may name."""

RANGE = re.compile(r"\{(\d+)\.\.(\d+)\}")
LIST = re.compile(r"\{([^{}]*,[^{}]*)\}")


def find_shards(path: Path) -> list[Path]:
    """The archives that a path means, in natural order; none if it means something else.

    Raises:
        UsageError: A pattern that no file is called by, or some of whose files aren't there.
    """
    if os.path.isfile(path):  # noqa: PTH113 - a long pattern is no name that a system could have
        return [path] if _is_tar(path) else []
    if os.path.isdir(path):  # noqa: PTH112
        return _in_folder(path)
    text = str(path)
    if not re.search(r"[*?\[{]", text) or not text.casefold().endswith((SUFFIX, f"{SUFFIX}}}")):
        return []
    found: list[Path] = []
    for each in _expand(text, text):
        if re.search(r"[*?\[]", each):
            found += [Path(one) for one in glob.glob(each) if _is_tar(Path(one))]  # noqa: PTH207
        elif os.path.isfile(each):  # noqa: PTH113
            found.append(Path(each))
        else:
            raise UsageError(f"'{text}' means '{each}' as well, which isn't there.")
    if not found:
        raise UsageError(f"No file is called as '{text}' says. Check the path.")
    return sorted(dict.fromkeys(found), key=lambda each: natural_order(str(each)))


def is_there(path: Path) -> bool:
    """Whether a path leads to a file or folder, or as a pattern to archives."""
    try:
        return os.path.exists(path) or bool(find_shards(path))  # noqa: PTH110 - as above
    except UsageError:
        return False


def name_source(path: Path) -> str:
    """What files given as data are called: as the folder, archive or table (`name_table`).

    A pattern is called as the folder around the archives.
    """
    if path.suffix.casefold() in TABLES:
        return name_table(path)
    if not re.search(r"[*?\[{]", str(path)):
        return path.stem
    plain = re.split(r"[*?\[{]", str(path))[0]
    return Path(plain if plain.endswith("/") else os.path.dirname(plain)).resolve().name  # noqa: PTH120


def join_paths(paths: Sequence[str]) -> str:
    """Several paths of archives, as a shell gives them for a pattern, as the pattern of just those.

    Args:
        paths: One path of anything, or several of archives.

    Raises:
        UsageError: Several, of which one is no archive, or can't be part of a pattern.
    """
    if len(paths) == 1:
        return paths[0]
    for path in paths:
        if not path.casefold().endswith(SUFFIX):
            raise UsageError(
                f"DATA is one data set; only tar archives may be several, and '{path}' is none."
            )
        if re.search(r"[*?\[\]{},]", path):
            raise UsageError(f"'{path}': rename it without any of * ? [ ] {{ }} and comma.")
    folders = {os.path.dirname(path) for path in paths}  # noqa: PTH120
    if len(folders) == 1:
        pattern = os.path.join(folders.pop(), "*" + Path(paths[0]).suffix)  # noqa: PTH118
        if {os.path.normpath(each) for each in glob.glob(pattern)} == {  # noqa: PTH207
            os.path.normpath(each) for each in paths
        }:
            return pattern
    absolute = [os.path.abspath(path) for path in paths]  # noqa: PTH100
    root = os.path.commonpath([os.path.dirname(path) for path in absolute])  # noqa: PTH120
    inside = ",".join(os.path.relpath(path, root) for path in absolute)
    return os.path.join(root, f"{{{inside}}}")  # noqa: PTH118


def _is_tar(path: Path) -> bool:
    """Whether a file is a tar archive, by its suffix or by the mark in its first header."""
    if path.suffix.casefold() == SUFFIX or may_be_image(path.name):
        return path.suffix.casefold() == SUFFIX
    try:
        with path.open("rb") as file:
            return file.read(262)[257:] == b"ustar"
    except OSError:
        return False


def _in_folder(root: Path) -> list[Path]:
    """The archives in a folder of shards; none in any other."""
    found, folders = _archives(root)
    if found is None:
        return []
    for folder in folders:
        below, deeper = _archives(folder)
        if not below or deeper:
            return []
        found += below
    return sorted(found, key=lambda each: natural_order(str(each)))


def _archives(folder: Path) -> tuple[list[Path] | None, list[Path]]:
    """The archives that lie in a folder, and the folders in it; None with the first image."""
    found: list[Path] = []
    folders: list[Path] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if is_ignored(entry.name):
                    continue
                if entry.is_dir():
                    folders.append(folder / entry.name)
                elif may_be_image(entry.name):
                    return None, []
                elif entry.name.casefold().endswith(SUFFIX):
                    found.append(folder / entry.name)
    except OSError:
        return None, []  # whoever lists the folder says why
    return found, folders


def _expand(text: str, whole: str) -> list[str]:
    """The names that braces stand for."""
    found = RANGE.search(text) or LIST.search(text)
    if found is None:
        return [text]
    if found.re is RANGE:
        first, last = found.groups()
        if not 0 <= int(last) - int(first) < MOST:
            raise UsageError(f"'{whole}': the range {found.group()} is no range of shards.")
        parts = [str(each).zfill(len(first)) for each in range(int(first), int(last) + 1)]
    else:
        parts = found.group(1).split(",")
    before, after = text[: found.start()], text[found.end() :]
    names: list[str] = []
    for part in parts:
        names += _expand(before + part + after, whole)
        if len(names) > MOST:
            raise UsageError(f"'{whole}' means more than {MOST:,} shards.")
    return names
