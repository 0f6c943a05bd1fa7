"""Results that print themselves: described once, as paragraphs and tables, and shown anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from convscope.look import html

WIDTH = 120  # columns of a result that is turned into text, not printed on a terminal
SIDE_BY_SIDE = 90  # columns from which two tables stand beside each other


@dataclass(frozen=True)
class Paragraph:
    """A text of one or more lines.

    Attributes:
        text: The text; "" leaves a line empty.
        style: "bold", "dim" or "yellow" on a terminal that can show it.
        wraps: Whether it is broken to fit the width; a command to copy isn't.
    """

    text: str
    style: str = ""
    wraps: bool = True


@dataclass(frozen=True)
class TextTable:
    """A plain table.

    Attributes:
        title: Stands above it.
        headings: One for each column; all "" where the columns need none.
        rows: The cells.
        left: Numbers of the columns that hold words; the others hold numbers and end at the right.
    """

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    left: frozenset[int] = frozenset({0})


@dataclass(frozen=True)
class SideBySide:
    """Tables beside each other, or one below the other where the terminal is narrow."""

    tables: tuple[TextTable, ...]


Part: TypeAlias = Paragraph | TextTable | SideBySide


class Printed:
    """A result that says in `shown` what it shows of itself.

    `str(result)` is plain text, 120 columns wide. A terminal (rich's `Console.print`) shows the
    same in its own width, a notebook the same as HTML.
    """

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        raise NotImplementedError

    def __str__(self) -> str:
        console = Console(width=WIDTH, color_system=None, highlight=False, markup=False)
        with console.capture() as captured:
            console.print(self, crop=False, end="")
        return "\n".join(line.rstrip() for line in captured.get().splitlines())

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for part in self.shown():
            yield from _for_terminal(part, options.max_width)

    def _repr_html_(self) -> str:
        return "\n".join(text for part in self.shown() for text in _for_notebook(part))


def _for_terminal(part: Part, width: int) -> Iterator[RenderableType]:
    if isinstance(part, Paragraph):
        overflow = None if part.wraps else "ignore"
        yield Text(part.text, part.style, no_wrap=not part.wraps, overflow=overflow)  # type: ignore[arg-type]
    elif isinstance(part, TextTable):
        yield _table(part)
    elif width >= SIDE_BY_SIDE:
        grid = Table.grid(padding=(0, 5))
        grid.add_row(*map(_table, part.tables))
        yield grid
    else:
        for number, table in enumerate(part.tables):
            if number:
                yield Text()
            yield _table(table)


def _table(shown: TextTable) -> RenderableType:
    table = Table(box=None, pad_edge=False, header_style="dim", show_header=any(shown.headings))
    for number, heading in enumerate(shown.headings):
        is_text = number in shown.left
        side = "left" if is_text else "right"
        table.add_column(Text(heading), justify=side, no_wrap=not is_text or number == 0)  # type: ignore[arg-type]
    for row in shown.rows:
        table.add_row(*map(Text, row))
    return Group(Text(shown.title, "bold"), table) if shown.title else table


def _for_notebook(part: Part) -> Iterator[str]:
    if isinstance(part, Paragraph):
        if part.text:
            text = html.escape(part.text)
            yield f"<p><strong>{text}</strong></p>" if part.style == "bold" else f"<p>{text}</p>"
    elif isinstance(part, TextTable):
        headings = part.headings if any(part.headings) else ()
        yield html.table(part.rows, headings, caption=part.title)
    else:
        for table in part.tables:
            yield from _for_notebook(table)
