"""Text as HTML: escaped, and as the small tables by which results show themselves in a notebook."""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Iterable, Sequence


def escape(text: object) -> str:
    """Any text, so that a browser shows it and never takes it for HTML.

    What has no shape of its own, such as control characters and halves of characters in damaged
    file names, is replaced by a mark that has.
    """
    shown = "".join(
        "\ufffd" if unicodedata.category(character) in ("Cc", "Cs") else character
        for character in str(text)
    )
    return html.escape(shown, quote=True)


def table(
    rows: Iterable[Sequence[object]], headings: Sequence[str] = (), *, caption: str = ""
) -> str:
    """A table in HTML without scripts or styles of its own, for a notebook.

    Args:
        rows: The cells, each shown as text. The first of a row names it.
        headings: The names of the columns; empty: there is no such row.
        caption: Says what the table shows.
    """
    parts = ["<table>"]
    if caption:
        parts.append(f"<caption>{escape(caption)}</caption>")
    if headings:
        cells = "".join(f"<th>{escape(heading)}</th>" for heading in headings)
        parts.append(f"<thead><tr>{cells}</tr></thead>")
    parts.append("<tbody>")
    for name, *values in rows:
        cells = "".join(f"<td>{escape(value)}</td>" for value in values)
        parts.append(f"<tr><th>{escape(name)}</th>{cells}</tr>")
    return "".join([*parts, "</tbody></table>"])
