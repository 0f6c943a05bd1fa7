"""Results that take longer than a lesson may: measured once by a script, kept with their date."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from convscope.errors import ConvscopeError, unknown_name
from convscope.lessons.contents_table import lessons_folder
from convscope.look.printed import Paragraph, Part, Printed, TextTable

FOLDER = lessons_folder() / "results"


@dataclass(frozen=True)
class StoredResult(Printed):
    """What `benchmarks/lesson_results.py NAME` has measured, with all that it depends on.

    Attributes:
        name: Name of the result, that of its file lessons/results/NAME.json.
        machine: "processor", its model, and "cores", how many the process could use.
        threads: How many threads computed when it ended.
        versions: Version by library.
        date: Day of the measurement, as "2026-11-28".
        seeds: The seeds that were run.
        rows: What was measured, one dict a row, with the same keys where they mean the same.
    """

    name: str
    machine: Mapping[str, Any]
    threads: int
    versions: Mapping[str, str]
    date: str
    seeds: tuple[int, ...]
    rows: tuple[Mapping[str, Any], ...]

    def shown(self) -> Iterator[Part]:
        """The rows as a table, with date and machine below."""
        headings = list(dict.fromkeys(key for row in self.rows for key in row))
        cells = [[_text(row.get(key)) for key in headings] for row in self.rows]
        words = {
            number for number, key in enumerate(headings)
            if any(isinstance(row.get(key), str) for row in self.rows)
        }  # fmt: skip
        yield TextTable(self.name, headings, cells, left=frozenset(words))
        yield Paragraph(
            f"{self.date}, {self.machine['processor']}, {self.machine['cores']} cores", "dim"
        )

    def as_dict(self) -> dict[str, Any]:
        """All of it as plain data, as the file has it."""
        return asdict(self) | {"seeds": [*self.seeds], "rows": [dict(row) for row in self.rows]}


def stored(name: str) -> StoredResult:
    """Read a stored result of the lessons.

    Args:
        name: Name of the result, as in "lenet_seeds".

    Raises:
        UsageError: There is no such result; the message lists those there are.
        ConvscopeError: Its file is damaged.
    """
    known = sorted(file.stem for file in FOLDER.glob("*.json"))
    if name not in known:
        raise unknown_name("stored result", name, known)
    file = FOLDER / f"{name}.json"
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        rows = tuple(content.pop("rows"))
        return StoredResult(seeds=tuple(content.pop("seeds")), rows=rows, **content)
    except (ValueError, KeyError, TypeError) as error:
        raise ConvscopeError(
            f"{str(file)!r} is damaged ({error}). Measure it again with: "
            f"python benchmarks/lesson_results.py {name}"
        ) from None


def _text(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
