"""Playing a whole lesson in this process: its cells in order, and what they show."""

from __future__ import annotations

import io
import linecache
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from convscope.lessons.cells import Cell, fill, read_cells
from convscope.lessons.contents_table import Lesson, find_lesson
from convscope.lessons.screens import CollectingScreen, Shown
from convscope.lessons.session import MeasuredClaim, current_session, shown_on


@dataclass(frozen=True)
class PlayedCell:
    """A cell that has run.

    Attributes:
        kind: "markdown" or "code".
        source: Its text; that of a text is filled with the run's numbers.
        shown: What a code cell showed and printed.
        seconds: How long it took.
        error: What it raised, in a learner's copy; "" if nothing.
    """

    kind: str
    source: str
    shown: tuple[Shown, ...] = ()
    seconds: float = 0.0
    error: str = ""


@dataclass(frozen=True)
class PlayedLesson:
    """A lesson that has run to its end.

    Attributes:
        lesson: Which one.
        language: "en" or "zh".
        cells: All cells.
        claims: How each claim came out.
        seconds: How long it took.
    """

    lesson: Lesson
    language: str
    cells: tuple[PlayedCell, ...]
    claims: tuple[MeasuredClaim, ...]
    seconds: float


def play_lesson(
    number: int,
    language: str = "en",
    *,
    file: Path | None = None,
    after_cell: Callable[[PlayedCell], None] | None = None,
) -> PlayedLesson:
    """Run a lesson in this process.

    Args:
        number: Which one.
        language: "en" or "zh".
        file: A learner's own copy of it (`.py` or `.ipynb`), whose cells may fail: what they
            raise is kept with them, and the next goes on. None: the lesson itself.
        after_cell: Called with each cell as soon as it has run.

    Raises:
        UsageError: There is no such lesson, or its file can't be read.
        Exception: Whatever the code of the lesson itself raises.
    """
    lesson = find_lesson(number)
    is_copy = file is not None
    file = file or lesson.source(language)
    cells = read_cells(file)
    # `begin` gives the lesson, too; the title and what one will know stand above it.
    values: dict[str, object] = {"__name__": "__main__", "__file__": str(file), "lesson": lesson}
    screen = CollectingScreen()
    started = time.perf_counter()
    played: list[PlayedCell] = []
    with shown_on(screen, language):
        for place, cell in enumerate(cells, start=1):
            name = f"{file.name}, cell {place}"
            played.append(_play(cell, values, screen, name, may_fail=is_copy))
            if after_cell is not None:
                after_cell(played[-1])
        claims = tuple(current_session().claims)
    return PlayedLesson(lesson, language, tuple(played), claims, time.perf_counter() - started)


def _play(
    cell: Cell, values: dict[str, object], screen: CollectingScreen, name: str, *, may_fail: bool
) -> PlayedCell:
    if cell.kind == "markdown":
        text = cell.source if may_fail else fill(cell.source, values)
        return PlayedCell("markdown", text)
    before = len(screen.shown)
    printed = io.StringIO()
    started = time.perf_counter()
    # So that a traceback can show the line.
    linecache.cache[name] = (len(cell.source), None, cell.source.splitlines(keepends=True), name)
    error = ""
    try:
        with redirect_stdout(printed):
            exec(compile(cell.source, name, "exec"), values)  # noqa: S102 - a lesson is code
    except (Exception, SystemExit) as raised:  # `exit()` in a cell ends only the cell
        if not may_fail:
            raise
        error = f"{type(raised).__name__}: {raised}"
    shown = screen.shown[before:]
    if printed.getvalue().strip():
        shown.insert(0, Shown(printed.getvalue().rstrip()))
    seconds = time.perf_counter() - started
    return PlayedCell("code", cell.source, tuple(shown), seconds, error)
