"""Tables of the page. Those marked sortable are sorted by a click, where there are scripts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from convscope.look.html import escape


@dataclass(frozen=True)
class TableCell:
    """What stands in a table.

    Attributes:
        text: As a person reads it.
        value: To sort by; None stands below all numbers.
        share: Drawn as a bar behind the text, 0 to 1; None draws none.
    """

    text: str
    value: float | None = None
    share: float | None = None


def table(
    headings: Sequence[str],
    rows: Iterable[Sequence[str | TableCell]],
    *,
    caption: str,
    sortable: bool = False,
    tall: bool = False,
    name: str = "",
) -> str:
    """A table whose first column names its rows.

    Args:
        headings: One for each column.
        rows: Texts and numbers; they are escaped here.
        caption: What the table shows, for those who can't see it.
        sortable: Whether a click on a heading sorts it.
        tall: Whether it has so many rows that it gets a scroll bar of its own.
        name: By which the page's script finds it.
    """
    rows = [list(row) for row in rows]
    numeric = [isinstance(each, TableCell) for each in (rows[0] if rows else headings)]
    head = "".join(
        f'<th scope="col"{_number(is_number)}>{escape(heading)}</th>'
        for heading, is_number in zip(headings, numeric, strict=True)
    )
    body = "\n".join(f"<tr>{_row(row)}</tr>" for row in rows)
    style = "scroll tall" if tall else "scroll"
    marks = (' class="sortable"' if sortable else "") + (f' id="{name}"' if name else "")
    return (
        f'<div class="{style}" tabindex="0" role="region" aria-label="{escape(caption)}">'
        f"<table{marks}>"
        f'<caption class="unseen">{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>"
    )


def facts(rows: Iterable[tuple[str, str]]) -> str:
    """Pairs of a name and what belongs to it; both are escaped here."""
    items = "\n".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in rows
    )
    return f'<dl class="facts">\n{items}\n</dl>'


def _row(cells: Sequence[str | TableCell]) -> str:
    first, *others = cells
    name = first if isinstance(first, str) else first.text
    return f'<th scope="row">{escape(name)}</th>' + "".join(map(_cell, others))


def _cell(cell: str | TableCell) -> str:
    if isinstance(cell, str):
        return f"<td>{escape(cell)}</td>"
    value = "" if cell.value is None else f' data-value="{cell.value:.6g}"'
    bar = "" if cell.share is None else f' style="--share:{cell.share:.4f}"'
    style = "number" if cell.share is None else "number bar"
    return f'<td class="{style}"{value}{bar}>{escape(cell.text)}</td>'


def _number(is_number: bool) -> str:
    return ' class="number"' if is_number else ""
