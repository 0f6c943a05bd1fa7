"""Where files lie: a folder, or an archive (`zip_tree`, `tar_tree`), behind one face.

The rules for both:

* What systems and storage boxes leave behind doesn't exist: hidden files and folders (a leading
  dot), `__MACOSX`, `@eaDir`, `#recycle`, `Thumbs.db` and the like (`IGNORED`).
* Links are followed by the rules of `data.links`.
* Dangling links, pipes, devices, unreadable folders and folders without files are left out.

What is left out is reported, with the reason.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from convscope.data.decode import read_limited
from convscope.data.file_kinds import is_ignored, make_printable
from convscope.data.fingerprint import digests_of_files
from convscope.data.image_set import Problem
from convscope.data.links import INSIDE, find_stores, follow_link

RUN_FILES = frozenset(["recipe.toml", "environment.json", "figures"])
"""In the folder of a run: one that was trained inside its data folder is none of its classes."""

MANY = 3
"""More problems of one kind in one folder than this are told in one line."""


def find_empty_folders(folders: Iterable[str], files: Iterable[str]) -> list[str]:
    """The topmost folders that have no file anywhere below them."""
    filled: set[str] = set()
    for folder in {_parent(file) for file in files}:
        while folder and folder not in filled:
            filled.add(folder)
            folder = _parent(folder)
    empty = set(folders) - filled
    return sorted(each for each in empty if _parent(each) not in empty)


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _folders_of(file: str) -> Iterator[str]:
    """The folders that a file lies in, from the outside in."""
    return (file[:place] for place, character in enumerate(file) if character == "/")


def tell_problems(reasons: Mapping[str, str], where: Callable[[str], str]) -> list[Problem]:
    """Path → reason as problems; many of one kind in one folder as one."""
    alike: dict[tuple[str, str], list[str]] = {}
    for path, reason in sorted(reasons.items()):
        alike.setdefault((_parent(path), reason), []).append(path)
    problems = []
    for (folder, reason), paths in alike.items():
        if len(paths) > MANY:
            problems.append(Problem(where(folder), f"{len(paths):,} times {reason}"))
        else:
            problems += [Problem(where(path), reason) for path in paths]
    return sorted(problems, key=lambda problem: problem.path)


@dataclass(frozen=True)
class Listing:
    """What a tree holds.

    Attributes:
        files: Paths below the root, with "/" between the parts, in sorted order.
        problems: What was left out.
        notes: What else a person should know, in words.
        links: Those of the files that are links.
    """

    files: list[str]
    problems: list[Problem]
    notes: tuple[str, ...] = ()
    links: frozenset[str] = frozenset()


class Tree(Protocol):
    """A folder or an archive."""

    name: str

    def listing(self) -> Listing:
        """The files, by the rules above."""

    def read(self, file: str) -> bytes:
        """The content of one of the files; `ImageError` if it cannot be had."""

    def where(self, file: str) -> str:
        """How a person finds the file."""

    def digests(self, files: list[str]) -> list[str]:
        """Texts that change when the content of one of the files does."""

    def contents(self, files: list[str]) -> list[str]:
        """For each file a text that is the same for files of the same content."""


class FolderTree:
    """The files of a folder."""

    def __init__(self, root: Path) -> None:
        self.name = make_printable(root.resolve().name)
        self.root = root

    def listing(self) -> Listing:
        """The files, by the rules above."""
        inside = self.root.resolve()
        visited = {inside}
        files: list[str] = []
        followed: list[str] = []
        folders: list[str] = []
        links: dict[str, str] = {}
        reasons: dict[str, str] = {}
        runs: list[str] = []
        pending = [""]
        while pending:
            folder = pending.pop()
            try:
                entries = list(os.scandir(self.root / folder))
            except OSError as error:
                reasons[folder] = f"cannot be read: {error.strerror}"
                continue
            if folder and {entry.name for entry in entries} >= RUN_FILES:
                reasons[folder] = "a run of Convscope, whose figures are no data"
                runs.append(folder)
                continue
            for entry in entries:
                if is_ignored(entry.name):
                    continue
                below = f"{folder}/{entry.name}" if folder else entry.name
                reason = target = ""
                if entry.is_symlink():
                    reason, target = follow_link(Path(entry.path), inside, visited, is_ignored)
                if reason:
                    reasons[below] = reason
                elif target:
                    links[below] = target
                elif entry.is_dir():
                    folders.append(below)
                    pending.append(below)
                elif entry.is_file():
                    files.append(below)
                    if entry.is_symlink():
                        followed.append(below)
                else:
                    reasons[below] = "neither a file nor a folder"
        for folder in find_empty_folders(folders, [*files, *links, *(f"{run}/" for run in runs)]):
            reasons.setdefault(folder, "a folder without files")
        stores = find_stores(files, links)
        for link, target in links.items():
            if any(folder in stores for folder in _folders_of(target)):
                files.append(link)
                followed.append(link)
            else:
                reasons[link] = INSIDE
        stored = [file for file in files if any(each in stores for each in _folders_of(file))]
        reasons |= {
            folder: "a store of files that links in other folders lead to"
            for folder in stores
            if _parent(folder) not in stores
        }
        problems = tell_problems(reasons, self.where)
        return Listing(sorted({*files} - {*stored}), problems, links=frozenset(followed))

    def read(self, file: str) -> bytes:
        """The content of one of the files; `ImageError` if it cannot be had."""
        return read_limited(self.root / file)

    def where(self, file: str) -> str:
        """How a person finds the file."""
        return make_printable(str(self.root / file))

    def digests(self, files: list[str]) -> list[str]:
        """Texts that change when the content of one of the files does."""
        return digests_of_files(self.root, files)

    def contents(self, files: list[str]) -> list[str]:
        """For each file a text that is the same for files of the same content."""
        return digests_of_files(self.root, files)
