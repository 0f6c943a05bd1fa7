"""Forecasts in words."""

from __future__ import annotations

from collections.abc import Sequence

from convscope.planning.forecast import Forecast
from convscope.runs.forecast import ForecastRow


def in_words(forecast: Forecast, *, goes_on: bool = False) -> str:
    """One line: how long, how much memory, and how sure that is.

    Args:
        forecast: What to say.
        goes_on: Whether it is of what is left of a run.
    """
    run, step, memory = forecast.run, forecast.step, forecast.memory
    extent = "more" if goes_on else "in all"
    return (
        f"Forecast: {time_words(run.value)} {extent} ({time_words(run.low)} to "
        f"{time_words(run.high)}), {time_words(step.value)} a step, memory "
        f"{size_words(memory.value)} ({size_words(memory.low)} to {size_words(memory.high)}); "
        "nine times in ten within these ranges"
    )


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
