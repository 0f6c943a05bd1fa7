"""Times, sizes and ranges in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from convscope.planning.history import Range
from convscope.runs.forecast import ForecastRow


def beside_actual(rows: Sequence[ForecastRow]) -> str:
    """One line: what came of each figure, and what had been forecast."""
    parts = []
    for row in rows:
        words = size_words if row.unit == "bytes" else time_words
        actual = "unknown" if row.actual is None else words(row.actual)
        parts.append(f"{row.what} {actual} (forecast {words(row.forecast)})")
    return "Forecast and actual: " + ", ".join(parts)


def time_words(seconds: float) -> str:
    """A duration with its unit, about three digits: 8.41 ms, 12.3 s, 4 min 10 s, 3 h 20 min."""
    if seconds < 1:
        return f"{1000 * seconds:.3g} ms"
    if seconds < 99.5:
        return f"{seconds:.3g} s"
    if seconds < 595:
        minutes, rest = divmod(round(seconds), 60)
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(round(seconds / 60), 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours:,} h {minutes} min" if minutes else f"{hours:,} h"


def size_words(size: float) -> str:
    """An amount of memory with its unit: 640 MB, 2.31 GB (powers of ten)."""
    return f"{size / 1e9:.3g} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


def range_words(figure: Range, words: Callable[[float], str], extent: str = "") -> str:
    """A figure with its range: 12.3 s (11 s to 14.1 s).

    Args:
        figure: The figure.
        words: Says a number with its unit.
        extent: What the figure extends over, said after it, as in "12.3 s in all (…)".
    """
    value = f"{words(figure.value)} {extent}".strip()
    return f"{value} ({words(figure.low)} to {words(figure.high)})"


def count_words(number: int) -> str:
    """A large number with three digits: 61.7 k, 557 M, 3.67 G."""
    for unit, factor in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= factor:
            return f"{number / factor:.3g} {unit}"
    return str(number)
