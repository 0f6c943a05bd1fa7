"""Showing a result in a lesson, wherever the lesson runs."""

from __future__ import annotations

import io
from typing import Any

from convscope.errors import UsageError
from convscope.lessons.screens import Shown
from convscope.lessons.session import current_session

PARTS = ("both", "text", "figure")


def show(result: Any, what: str = "both") -> None:
    """Show a result: its text, and its figure if it has one.

    In a notebook it stands below the cell. In a terminal the text is printed, the figure is
    written to `lesson-figures/` and its path printed, so that one sees it without a notebook.

    Args:
        result: Any result of Convscope, or a matplotlib `Figure`.
        what: "text", "figure", or "both".

    Raises:
        UsageError: `what` is something else, or a figure is wanted of what has none.
    """
    if what not in PARTS:
        raise UsageError(f"what is one of {', '.join(PARTS)}; given {what!r}.")
    has_figure = hasattr(result, "savefig") or hasattr(result, "figure")
    if what == "figure" and not has_figure:
        raise UsageError(f"A {type(result).__name__} has no figure; show it with what='text'.")
    is_figure = hasattr(result, "savefig")
    png = _png(result) if has_figure and what != "text" else None
    if is_figure or what == "figure":
        shown = Shown(png=png)
    else:
        html = result._repr_html_() if hasattr(result, "_repr_html_") else ""
        shown = Shown(str(result), html, png)
    current_session().screen.show(shown)


def _png(result: Any) -> bytes:
    figure = result if hasattr(result, "savefig") else result.figure()
    file = io.BytesIO()
    from convscope.look.canvas import DOTS_PER_INCH  # matplotlib, which only figures need

    figure.savefig(file, format="png", dpi=DOTS_PER_INCH)
    return file.getvalue()
