"""Tables of labels: a `.csv`, `.tsv` or `.txt` with a line for each image.

* Text is UTF-8, UTF-16 where it begins so, or else the likeliest encoding (`name_encoding`).
* Cells are parted by commas, tabs, semicolons or bars, whichever part most lines into the same
  number of cells; in a `.txt` also by spaces. Quotes count as in spreadsheets.
* `table_columns` says which columns are needed.
* Classes that are numbers stay so, but 3.0 is 3. Numbers that hardly repeat are measurements, and
  no classes.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from convscope.data.name_encoding import find_encoding
from convscope.data.split_names import find_split_roles
from convscope.data.table_columns import FLAGS, find_columns, has_headings
from convscope.errors import ConvscopeError, UsageError
from convscope.look.names import join_names

SUFFIXES = (".csv", ".tsv", ".tab", ".txt")
VAGUE_TEXT = "labels label train training data dataset annotations index list images"
VAGUE = frozenset(VAGUE_TEXT.split())
"""Names of tables that tell less than the name of the folder around them."""

LARGEST = 512 << 20
"""Bytes of a table; larger ones aren't tables of labels."""

LONGEST_CELL = 1 << 20
"""Characters of a cell; paths have at most some thousands."""

SAMPLE = 200
TELLING = 2000
"""Lines that are enough to tell the encoding by."""

TRUE, FALSE = {"1", "true", "t", "yes", "y", "1.0"}, {"0", "false", "f", "no", "n", "0.0", ""}
MEASURED = 20
"""More different numbers than this are measurements, if they have decimals or hardly repeat."""


@dataclass(frozen=True, slots=True)
class LabelledFile:
    """What is said of one file.

    Attributes:
        path: As it is written there.
        label: Its class; "" if none is given.
        split: "train", "validation" or "test"; "" where nothing is divided.
        group: What it belongs with; "" for nothing.
        line: Of the table, from 1 on; 0 where it comes from no table.
    """

    path: str
    label: str
    split: str = ""
    group: str = ""
    line: int = 0


@dataclass(frozen=True)
class LabelTable:
    """What a table says.

    Attributes:
        files: Its lines, in order, without empty ones.
        columns: "path", "label", "split" and "group", as far as they are there → their names.
    """

    files: list[LabelledFile]
    columns: dict[str, str]


def is_table(path: Path) -> bool:
    """Whether a file is a table, by its suffix."""
    return path.suffix.casefold() in SUFFIXES and path.is_file()


def name_table(path: Path) -> str:
    """What a table's data set is called: as its file, or its folder if that tells more."""
    return path.parent.name or path.stem if path.stem.casefold() in VAGUE else path.stem


def read_table(path: Path, columns: Mapping[str, str], group_by: str = "") -> LabelTable:
    """Read a table of labels by the rules above.

    Args:
        path: The file.
        columns: Which columns to take, where names don't tell.
        group_by: The column that says what belongs together, if it has one of that name.

    Raises:
        UsageError: It is empty, has no such columns, or a split in it isn't known.
        ConvscopeError: It can't be read.
    """
    lines = _cells(_text(path), path)
    if not lines:
        raise UsageError(f"'{path}' is empty. A table of labels has a line for each image.")
    first = lines[0][1]
    if has_headings(first):
        headings, body = [cell.strip() for cell in first], lines[1:]
    else:
        headings, body = [str(place + 1) for place in range(len(first))], lines
    if not body:
        raise UsageError(f"'{path}' has headings ({join_names(headings)}) but no lines below them.")
    if group_by in headings:
        columns = {**columns, "group": group_by}
    places = find_columns(headings, [cells for _, cells in body[:SAMPLE]], columns, str(path))

    def cell(cells: Sequence[str], role: str) -> str:
        place = places.get(role)
        return cells[place].strip() if place is not None and place < len(cells) else ""

    labels = _name_numbers([cell(cells, "label") for _, cells in body], path)
    if "split" not in columns and not _are_splits(cell(cells, "split") for _, cells in body):
        places.pop("split", None)
    names = {role: headings[place] for role, place in places.items()}
    splits = _splits([(line, cell(cells, "split")) for line, cells in body], names, path)
    files = [
        LabelledFile(cell(cells, "path"), label, split, cell(cells, "group"), line)
        for (line, cells), label, split in zip(body, labels, splits, strict=True)
    ]
    return LabelTable(files, names)


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST:
            raise UsageError(f"'{path}' is too large for a table of labels (over 512 MiB).")
        content = path.read_bytes()
    except OSError as error:
        raise ConvscopeError(f"'{path}' can't be read: {error.strerror}.") from None
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    content = content.removeprefix(b"\xef\xbb\xbf")
    if b"\0" in content:
        raise UsageError(
            f"'{path}' isn't text, so it is no table of labels. Save it as CSV (UTF-8)."
        )
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        lines = [line for line in content.splitlines() if not line.isascii()]
        return content.decode(find_encoding(lines[:TELLING])[0], "replace")


def _cells(text: str, path: Path) -> list[tuple[int, list[str]]]:
    """Number of each line that isn't empty → its cells.

    Raises:
        UsageError: A cell is longer than any path: a quote never ends, or it is no table.
    """
    may_be_spaced = path.suffix.casefold() == ".txt"
    parted = {
        mark: _part(text[: 1 << 16] if len(text) > 1 << 16 else text, mark)[0][:SAMPLE]
        for mark in (",", "\t", ";", "|", *([" "] if may_be_spaced else []))
    }

    def evenness(mark: str) -> tuple[int, int]:
        widths = Counter(len(cells) for _, cells in parted[mark] if len(cells) > 1)
        width, count = max(widths.items(), key=lambda each: each[1], default=(0, 0))
        return count, width

    lines, damaged = _part(text, max(parted, key=evenness))
    if damaged:
        raise UsageError(
            f"'{path}', line {damaged}: a cell has more than {LONGEST_CELL:,} characters, so it is "
            "no table of labels, or a quote in that line never ends."
        )
    return lines


def _part(text: str, mark: str) -> tuple[list[tuple[int, list[str]]], int]:
    """The lines up to one that can't be parted, and the number of that line; 0: there is none."""
    csv.field_size_limit(LONGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, skipinitialspace=True)
    found, begun = [], 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                found.append((begun, cells))
            begun = reader.line_num + 1
    except csv.Error:
        return found, begun
    return found, 0


def _name_numbers(labels: list[str], path: Path) -> list[str]:
    """Class names; whole numbers written as 3.0 become 3.

    Raises:
        UsageError: They are measurements.
    """
    given = [label for label in labels if label]
    try:
        numbers = {label: float(label) for label in given}
    except ValueError:
        return labels
    is_whole = all(number.is_integer() for number in numbers.values())
    repeat = 2 * len(numbers) <= len(given)
    if len(numbers) > MEASURED and not (is_whole and repeat):
        raise UsageError(
            f"'{path}': the classes would be {len(numbers):,} numbers such as "
            f"{join_names(list(numbers)[:3])}, which are measurements. Convscope learns classes: "
            "give another column, as in --columns label=NAME."
        )
    if not is_whole:
        return labels
    return [f"{numbers[label]:.0f}" if "." in label else label for label in labels]


def _are_splits(cells: Iterable[str]) -> bool:
    """Whether a column whose name may mean splits, as `set` and `fold` do, holds any."""
    values = {value.casefold() for value in cells}
    return values <= TRUE | FALSE or bool(find_split_roles(values))


def _splits(cells: list[tuple[int, str]], names: Mapping[str, str], path: Path) -> list[str]:
    """The split of each line, from what stands in its column."""
    column = names.get("split")
    if column is None:
        return [""] * len(cells)
    flag = FLAGS.get(column.casefold().replace("_", "").replace(" ", ""))
    values = {value.casefold() for _, value in cells}
    if flag is not None and values <= TRUE | FALSE:
        return [flag if value.casefold() in TRUE else "train" for _, value in cells]
    roles = find_split_roles({value for _, value in cells if value})
    for line, value in cells:
        if value not in roles:
            raise UsageError(
                f"'{path}', line {line}: {value!r} in the column {column!r} is no split; train, "
                "validation and test are. If that column says something else, name another, as in "
                "--columns split=NAME, or rename it."
            )
    return [roles[value] for _, value in cells]
