"""Where files lie: a folder or a zip archive, behind one face.

The rules for both:

* Hidden files and folders (a leading dot), `__MACOSX`, `Thumbs.db` and `desktop.ini` do not exist.
* Links lead out of the folder only: a link to something inside the same folder would make one
  image two samples, and is left out. A folder is visited once, however many links lead to it.
* Dangling links, pipes, devices, unreadable folders and folders without files are left out.
* A zip archive is read without extracting anything; names in it are never used as paths.

What is left out is reported, with the reason.
"""

from __future__ import annotations

import os
import threading
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from convscope.data.decode import MAX_BYTES, ImageError, read_limited
from convscope.data.fingerprint import digests_of_files
from convscope.data.image_set import Problem
from convscope.errors import UsageError

IGNORED = {"__macosx", "thumbs.db", "desktop.ini"}
MAX_EXPANSION = 200
"""A zip archive that unpacks to more than this many times its size (and a GiB) is a bomb."""


def is_ignored(name: str) -> bool:
    """Whether a file or folder is one that systems leave behind."""
    return name.startswith(".") or name.lower() in IGNORED


def printable(path: str) -> str:
    """`path` with the bytes that are no text (in names made on other systems) spelled out."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _empty_folders(folders: Iterable[str], files: Iterable[str]) -> list[str]:
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


def _link_problem(path: Path, inside: Path, visited: set[Path]) -> str | None:
    """Why a link is not followed; None for what is no link, or a link to follow.

    Args:
        path: What to look at.
        inside: The root of the tree, without links in it.
        visited: The folders that links have led to so far; gets the one that this link leads to.
    """
    if not path.is_symlink():
        return None
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError):  # RuntimeError: a link to itself, before Python 3.13
        return "a link to nothing"
    if target.is_relative_to(inside) or inside.is_relative_to(target):
        return "a link to something inside the same folder"
    if target.is_dir():
        if any(target.is_relative_to(folder) for folder in visited):
            return "a link to a folder that was already read"
        visited.add(target)
    return None


@dataclass(frozen=True)
class Listing:
    """What a tree holds.

    Attributes:
        files: Paths below the root, with "/" between the parts, in sorted order.
        problems: What was left out.
    """

    files: list[str]
    problems: list[Problem]


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
        self.name = root.resolve().name
        self._root = root

    def listing(self) -> Listing:
        """The files, by the rules above."""
        inside = self._root.resolve()
        visited = {inside}
        files: list[str] = []
        folders: list[str] = []
        reasons: dict[str, str] = {}
        pending = [""]
        while pending:
            folder = pending.pop()
            try:
                entries = list(os.scandir(self._root / folder))
            except OSError as error:
                reasons[folder] = f"cannot be read: {error.strerror}"
                continue
            for entry in entries:
                if is_ignored(entry.name):
                    continue
                below = f"{folder}/{entry.name}" if folder else entry.name
                reason = _link_problem(Path(entry.path), inside, visited)
                if reason:
                    reasons[below] = reason
                elif entry.is_dir():
                    folders.append(below)
                    pending.append(below)
                elif entry.is_file():
                    files.append(below)
                else:
                    reasons[below] = "neither a file nor a folder"
        for folder in _empty_folders(folders, files):
            reasons.setdefault(folder, "a folder without files")
        problems = [Problem(self.where(each), reasons[each]) for each in sorted(reasons)]
        return Listing(sorted(files), problems)

    def read(self, file: str) -> bytes:
        """The content of one of the files; `ImageError` if it cannot be had."""
        return read_limited(self._root / file)

    def where(self, file: str) -> str:
        """How a person finds the file."""
        return printable(str(self._root / file))

    def digests(self, files: list[str]) -> list[str]:
        """Texts that change when the content of one of the files does."""
        return digests_of_files(self._root, files)

    def contents(self, files: list[str]) -> list[str]:
        """For each file a text that is the same for files of the same content."""
        return digests_of_files(self._root, files)


class ZipTree:
    """The files of a zip archive."""

    def __init__(self, path: Path) -> None:
        self.name = path.stem
        self._path = path
        self._lock = threading.Lock()
        try:
            self._archive = zipfile.ZipFile(path)
        except (OSError, zipfile.BadZipFile) as error:
            raise UsageError(f"'{path}' is not a zip archive that can be read: {error}.") from error
        unpacked = sum(member.file_size for member in self._archive.infolist())
        if unpacked > max(1 << 30, MAX_EXPANSION * path.stat().st_size):
            raise UsageError(
                f"'{path}' would unpack to {unpacked >> 20:,} MiB, more than {MAX_EXPANSION} "
                "times its size: it looks like a zip bomb. Unpack it yourself if you trust it, "
                "and give the folder."
            )
        self._members: dict[str, zipfile.ZipInfo] = {}

    def listing(self) -> Listing:
        """The files, by the rules above."""
        members: dict[str, zipfile.ZipInfo] = {}
        folders: list[str] = []
        problems: list[Problem] = []
        for member in self._archive.infolist():
            file = member.filename.replace("\\", "/")  # as some Windows programs write it
            parts = file.rstrip("/").split("/")
            if any(part in ("", ".", "..") for part in parts):
                problems.append(Problem(self.where(file), "a name that leads out of the archive"))
            elif any(is_ignored(part) for part in parts):
                continue
            elif file.endswith("/"):
                folders.append(file.rstrip("/"))
            elif file in members:
                problems.append(Problem(self.where(file), "in the archive a second time"))
            else:
                members[file] = member
        problems += [
            Problem(self.where(folder), "a folder without files")
            for folder in _empty_folders(folders, members)
        ]
        self._members = members
        return Listing(sorted(members), problems)

    def read(self, file: str) -> bytes:
        """The content of one of the files; `ImageError` if it cannot be had."""
        member = self._members[file]
        if member.file_size > MAX_BYTES:  # reading stops at the size that the archive declares
            raise ImageError(f"larger than {MAX_BYTES >> 20} MiB")
        try:
            with self._lock:
                return self._archive.read(member)
        except Exception as error:  # damaged, encrypted, or packed in an unknown way
            raise ImageError(f"cannot be read from the archive: {error}") from error

    def where(self, file: str) -> str:
        """How a person finds the file."""
        return printable(f"{self._path}/{file}")

    def digests(self, files: list[str]) -> list[str]:
        """Texts that change when the content of one of the files does: the archive's digest."""
        return digests_of_files(self._path, [""])

    def contents(self, files: list[str]) -> list[str]:
        """For each file a text that is the same for files of the same content.

        Size and checksum (CRC-32) stand in the archive, so nothing is read. Two files that agree
        in both by chance are treated as one image, which does no harm.
        """
        return [f"{self._members[file].file_size} {self._members[file].CRC:08x}" for file in files]
