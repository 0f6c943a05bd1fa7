"""Reading metrics.jsonl piece by piece, while a training writes it.

A place in the file is the number of bytes before it and their checksum. Going on from a place gives
each row once: a line that is still being written is left for the next time; and where the file is
not the one that was read (a run that goes on from a checkpoint drops what came later), reading
begins anew, and says so.
"""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import pydantic

from convscope.errors import first_invalid
from convscope.files import open_file
from convscope.runs.checked_json import is_as_written, read_line, read_lines
from convscope.runs.run_facts import MetricLine

FORMER_NAMES: dict[str, str] = {"pictures_per_second": "images_per_second"}
"""Names of metrics as earlier runs wrote them, and as they are called now."""
MOST_BYTES = 1 << 20
"""Bytes that are read at once; the rest comes with the next reading."""
_STEP = b'{"kind": "step", '
_TOGETHER = 100
_LINES = pydantic.TypeAdapter(list[MetricLine])


@dataclass(frozen=True)
class MetricsPlace:
    """A place in metrics.jsonl; `str` gives it as text.

    Attributes:
        offset: Bytes before it.
        checksum: Their CRC-32.
    """

    offset: int = 0
    checksum: int = 0

    def __str__(self) -> str:
        return f"{self.offset}-{self.checksum:08x}"


@dataclass(frozen=True)
class MetricsPart:
    """What a reading found.

    Attributes:
        rows: The rows after the place.
        place: Where to go on.
        is_anew: Whether the rows are those from the beginning of the file, since what was read
            before isn't in it any more.
        damaged: Lines among them that are no rows, and were left out.
        is_whole: Whether no whole line is left to be read.
    """

    rows: tuple[dict[str, Any], ...]
    place: MetricsPlace
    is_anew: bool
    damaged: int
    is_whole: bool


def parse_place(text: str) -> MetricsPlace:
    """A place as `str` writes it; the beginning for anything else, which is read again then."""
    found = re.fullmatch(r"(\d{1,15})-([0-9a-f]{8})", text, re.ASCII)
    return MetricsPlace(int(found[1]), int(found[2], 16)) if found else MetricsPlace()


def parse_row(line: bytes) -> dict[str, Any]:
    """A line of the file as a row, with the names that metrics have now.

    Raises:
        ValueError: It is none, or a bit of it has changed since it was written.
    """
    row = {FORMER_NAMES.get(name, name): value for name, value in read_line(line).items()}
    try:
        MetricLine.model_validate(row)
    except pydantic.ValidationError as error:
        raise ValueError(first_invalid(error)) from None
    return row


def parse_rows(
    lines: Sequence[bytes], *, without_steps: bool = False
) -> tuple[list[dict[str, Any]], int]:
    """Lines of the file as rows, and how many were damaged and left out.

    Args:
        lines: The lines.
        without_steps: Only check the rows of single steps, which are most of the file, and leave
            them out, but for the last line.
    """
    good = [line for line in lines if is_as_written(line)]
    whole = len(good) == len(lines)
    if whole:
        if without_steps:
            good = [line for line in good[:-1] if not line.startswith(_STEP)] + good[-1:]
        try:
            return _read_written(good), 0
        except ValueError:
            pass  # written so, but not by a training: say of each what it is
    rows, damaged = [], 0
    for place, line in enumerate(lines):
        try:
            row = parse_row(line)
        except ValueError:  # neither JSON nor UTF-8
            damaged += 1
        else:
            if not without_steps or row["kind"] != "step" or place == len(lines) - 1:
                rows.append(row)
    return rows, damaged


def _read_written(lines: Sequence[bytes]) -> list[dict[str, Any]]:
    rows = read_lines(lines)
    for place, row in enumerate(rows):
        if not FORMER_NAMES.keys().isdisjoint(row):
            rows[place] = {FORMER_NAMES.get(name, name): value for name, value in row.items()}
    for first in range(0, len(rows), _TOGETHER):  # few enough that what is made is soon forgotten
        _LINES.validate_python(rows[first : first + _TOGETHER])
    return rows


class MetricsFollower:
    """Reads a metrics.jsonl that grows; a file that isn't there yet has no rows.

    Args:
        file: The file.
        place: Where to begin; what was read up to there is compared with the file first.
        without_steps: As for `parse_rows`; the last line of each reading is read in any case.
    """

    def __init__(
        self, file: Path, place: MetricsPlace | None = None, *, without_steps: bool = False
    ) -> None:
        self._file = file
        self._place = place or MetricsPlace()
        self._without_steps = without_steps
        self._inode: int | None = None

    def read(self) -> MetricsPart:
        """All whole lines since the last reading, of at most `MOST_BYTES` together."""
        try:
            with open_file(self._file) as stream:
                return self._read(stream)
        except FileNotFoundError:
            is_anew = self._place.offset > 0
            self._place = MetricsPlace()
            return MetricsPart((), self._place, is_anew, damaged=0, is_whole=True)

    def _read(self, stream: BinaryIO) -> MetricsPart:
        facts = os.fstat(stream.fileno())
        before = self._place
        # The same file that only grew needs no second look.
        if (facts.st_ino != self._inode or facts.st_size < before.offset) and not _holds(
            stream, before
        ):
            self._place = MetricsPlace()
        self._inode = facts.st_ino
        is_anew = before.offset > 0 and self._place.offset == 0
        stream.seek(self._place.offset)
        content = stream.read(MOST_BYTES)
        whole = content[: content.rfind(b"\n") + 1]
        while not whole and len(content) >= MOST_BYTES and (more := stream.read(MOST_BYTES)):
            content += more  # a line longer than a reading
            whole = content[: content.rfind(b"\n") + 1]
        checksum = zlib.crc32(whole, self._place.checksum)
        self._place = MetricsPlace(self._place.offset + len(whole), checksum)
        rows, damaged = parse_rows(whole.split(b"\n")[:-1], without_steps=self._without_steps)
        is_whole = len(content) < MOST_BYTES
        return MetricsPart(tuple(rows), self._place, is_anew, damaged, is_whole)


def read_rows(file: Path, *, without_steps: bool = False) -> tuple[tuple[dict[str, Any], ...], int]:
    """All rows of the file so far, and how many lines were damaged and left out.

    Args:
        file: The metrics.jsonl; it may be missing.
        without_steps: Leave out the rows of single steps, but for the last row and perhaps a few
            others; it takes a fraction of the time, and counts wrong checksums as well.
    """
    follower = MetricsFollower(file, without_steps=without_steps)
    rows: list[dict[str, Any]] = []
    damaged = 0
    while True:
        part = follower.read()
        rows = [*([] if part.is_anew else rows), *part.rows]
        damaged = part.damaged + (0 if part.is_anew else damaged)
        if part.is_whole:
            return tuple(rows), damaged


def _holds(stream: BinaryIO, place: MetricsPlace) -> bool:
    """Whether a file begins with what was read up to a place."""
    stream.seek(0)
    checksum, left = 0, place.offset
    while left:
        part = stream.read(min(left, MOST_BYTES))
        if not part:
            return False
        checksum, left = zlib.crc32(part, checksum), left - len(part)
    return checksum == place.checksum
