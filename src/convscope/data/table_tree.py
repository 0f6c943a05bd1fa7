r"""The files that a table of labels names, as a tree.

* Paths begin at the table's folder, or in the folder or zip that is given as `images`.
* Backslashes part folders where there is no file of just that name, so paths from Windows will do.
* A path that leads nowhere is found by its end: `C:\pets\cats\1.jpg` and `pets/cats/1.jpg` are
  the file `cats/1.jpg`, and so is `1.jpg` if it is the only file of that name.
* A name without suffix, as numbers of images often are, is the image of that name.
* A file that two lines name counts once. If they give it two classes it is left out; if they put it
  into two splits, nothing is read.

Lines whose file isn't there are left out, and listed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path

from convscope.data.file_kinds import make_printable, may_be_image
from convscope.data.image_set import Problem
from convscope.data.label_table import LabelledFile, LabelTable, name_table, read_table
from convscope.data.tree import Listing, Tree
from convscope.errors import UsageError

LISTED = 20
"""More lines than this with the same problem are told in one line."""


class TableTree:
    """The files of a table of labels.

    Args:
        table: The table.
        images: Where its files are.
        root: The folder that paths begin at; None where the images lie in an archive.
        columns: Which columns to take, where names don't tell.
        group_by: The column that says what belongs together, if the table has one of that name.
    """

    def __init__(
        self,
        table: Path,
        images: Tree,
        root: Path | None,
        columns: Mapping[str, str],
        group_by: str = "",
    ) -> None:
        self.table = table
        self.name = make_printable(name_table(table.resolve()))
        self._images = images
        self._root = root
        self._columns = columns
        self._group_by = group_by

    @cached_property
    def content(self) -> LabelTable:
        """What the table says."""
        return read_table(self.table, self._columns, self._group_by)

    @cached_property
    def labelled(self) -> tuple[dict[str, LabelledFile], list[Problem]]:
        """File → what the table says of it, and what was left out.

        Raises:
            UsageError: None of the files is there, or one is in two splits.
        """
        found: dict[str, LabelledFile] = {}
        missing: list[tuple[int, str]] = []
        unlabelled: list[tuple[int, str]] = []
        disputed: dict[str, list[LabelledFile]] = {}
        for entry in self.content.files:
            file = self._find(entry.path) if entry.path else ""
            if not file:
                missing.append((entry.line, entry.path))
                continue
            if not entry.label:
                unlabelled.append((entry.line, entry.path))
                continue
            known = found.setdefault(file, entry)
            if known.split != entry.split:
                raise UsageError(
                    f"'{self.table}' has {entry.path!r} in {known.split} (line {known.line}) and "
                    f"in {entry.split} (line {entry.line}). An image belongs to one split: remove "
                    "one of the lines."
                )
            if known.label != entry.label:
                disputed.setdefault(file, [known]).append(entry)
        if not found and missing:
            line, path = missing[0]
            raise UsageError(
                f"None of the {len(self.content.files):,} files that '{self.table}' names is "
                f"there. The first, {path!r} (line {line}), was looked for in "
                f"'{self._images.where('')}'. Say where they lie: --images FOLDER (images=…)."
            )
        for file in disputed:
            del found[file]
        several = [
            (entries[0].line, f"{entries[0].path!r} has the classes {_classes(entries)}")
            for entries in disputed.values()
        ]
        problems = [
            *self._problems(missing, "there is no file {!r}".format, "files aren't there"),
            *self._problems(unlabelled, "no class for {!r}".format, "lines have no class"),
            *self._problems(several, str, "files have two classes or more"),
        ]
        return found, problems

    @cached_property
    def repeated(self) -> int:
        """How many lines name a file that an earlier line names."""
        found, _ = self.labelled
        lines = {entry.line for entry in found.values()}
        return sum(
            entry.line not in lines and bool(entry.label) and self._find(entry.path) in found
            for entry in self.content.files
        )

    def listing(self) -> Listing:
        """The files that are there and have one class; the layout lists the others."""
        found, _ = self.labelled
        return Listing(sorted(found), [])

    def read(self, file: str) -> bytes:
        """The content of one of the files; `ImageError` if it cannot be had."""
        return self._images.read(file)

    def where(self, file: str) -> str:
        """How a person finds the file; of "", the table."""
        return self._images.where(file) if file else make_printable(str(self.table))

    def digests(self, files: list[str]) -> list[str]:
        """Texts that change when the content of one of the files does."""
        return self._images.digests(files)

    def contents(self, files: list[str]) -> list[str]:
        """For each file a text that is the same for files of the same content."""
        return self._images.contents(files)

    def _find(self, path: str) -> str:
        """The file that a path of the table means; "" if there is none."""
        for each in dict.fromkeys((path, path.replace("\\", "/"))):
            if self._root is None:
                if each in self._by_name.get(_name(each), []):
                    return each
            elif _is_file(found := self._root / each):
                return _below(found, self._root)
        parts = _parts(path.replace("\\", "/"))
        if not parts:
            return ""
        alike = self._by_name.get(parts[-1], [])
        if not alike and may_be_image(parts[-1]) is None:
            alike = self._by_stem.get(parts[-1], [])
            parts = (*parts[:-1], "")
        fitting = [file for file in alike if _end_alike(_parts(file), parts)]
        return fitting[0] if len(fitting) == 1 else ""

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        return _group(self._images.listing().files, _name)

    @cached_property
    def _by_stem(self) -> dict[str, list[str]]:
        images = [file for file in self._images.listing().files if may_be_image(file)]
        return _group(images, lambda file: _name(file).rpartition(".")[0])

    def _problems(
        self, lines: list[tuple[int, str]], words: Callable[[str], str], many: str
    ) -> list[Problem]:
        table = make_printable(str(self.table))
        if len(lines) <= LISTED:
            return [Problem(f"{table}, line {line}", words(what)) for line, what in lines]
        numbers = _ranges([line for line, _ in lines])
        first = words(lines[0][1])
        return [Problem(table, f"{len(lines):,} {many}: lines {numbers} (the first: {first})")]


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name longer than any
        return False


def _end_alike(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether the shorter of two paths is the end of the longer; "" at an end fits any name."""
    count = min(len(one), len(other))
    return all(a == b or "" in (a, b) for a, b in zip(one[-count:], other[-count:], strict=True))


def _parts(path: str) -> tuple[str, ...]:
    return tuple(part for part in path.split("/") if part not in ("", ".", ".."))


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _below(file: Path, root: Path) -> str:
    """The path of a file below a folder; its whole path where it lies elsewhere."""
    path, folder = (Path(os.path.normpath(each.absolute())) for each in (file, root))
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)


def _group(files: list[str], key: Callable[[str], str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for file in files:
        found.setdefault(key(file), []).append(file)
    return found


def _classes(entries: list[LabelledFile]) -> str:
    return " and ".join(
        f"{label!r} (line {line})"
        for label, line in {entry.label: entry.line for entry in reversed(entries)}.items()
    )


def _ranges(lines: list[int]) -> str:
    """Rising line numbers in words, as in "3, 5-9, 12"."""
    spans: list[list[int]] = []
    for line in lines:
        if spans and line == spans[-1][1] + 1:
            spans[-1][1] = line
        else:
            spans.append([line, line])
    shown = [str(a) if a == b else f"{a}-{b}" for a, b in spans[:LISTED]]
    return ", ".join(shown) + (", …" if len(spans) > LISTED else "")
