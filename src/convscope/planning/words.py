"""Times, sizes and ranges in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from convscope.look.numbers import duration, size
from convscope.planning.history import Range
from convscope.runs.forecast import ForecastRow


def beside_actual(rows: Sequence[ForecastRow]) -> str:
    """One line: what came of each figure, and what had been forecast."""
    parts = []
    for row in rows:
        words = size if row.unit == "bytes" else duration
        actual = "unknown" if row.actual is None else words(row.actual)
        parts.append(f"{row.what} {actual} (forecast {words(row.forecast)})")
    return "Forecast and actual: " + ", ".join(parts)


def range_words(figure: Range, words: Callable[[float], str], extent: str = "") -> str:
    """A figure with its range: 12.3 s (11 s to 14.1 s).

    Args:
        figure: The figure.
        words: Says a number with its unit.
        extent: What the figure extends over, said after it, as in "12.3 s in all (…)".
    """
    value = f"{words(figure.value)} {extent}".strip()
    return f"{value} ({words(figure.low)} to {words(figure.high)})"
