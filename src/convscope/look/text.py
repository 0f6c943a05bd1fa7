"""Results as plain text, laid out for a terminal as rich does it, but without colours or codes."""

from __future__ import annotations

import io
import shutil

from rich.console import Console, RenderableType
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text


def terminal_width() -> int:
    """Columns of the terminal (or $COLUMNS); 80 where there is none."""
    return shutil.get_terminal_size((80, 24)).columns


def plain_text(*parts: RenderableType, width: int | None = None) -> str:
    """The parts below one another, without spaces at the ends of lines.

    Args:
        parts: Texts, which are shown as they are, and tables of rich.
        width: Columns to wrap at. None: those of the terminal.
    """
    file = io.StringIO()
    console = Console(
        file=file,
        width=width or terminal_width(),
        color_system=None,
        force_terminal=False,
        highlight=False,
        markup=False,
        emoji=False,
    )
    for part in parts:
        # Lines of text are left for the terminal to wrap, so that paths can be copied whole.
        console.print(part, soft_wrap=isinstance(part, str))
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines())


def plain_table(title: str | None = None) -> Table:
    """A table without lines."""
    return Table(
        box=None,
        pad_edge=False,
        title=None if title is None else Text(title),
        title_justify="left",
    )


def least_width(table: Table) -> int:
    """Columns that a table takes at least."""
    return _measure(table).minimum


def full_width(table: Table) -> int:
    """Columns that a table takes where no line has to be wrapped."""
    return _measure(table).maximum


def _measure(table: Table) -> Measurement:
    console = Console(file=io.StringIO(), width=10**6)
    return Measurement.get(console, console.options, table)
