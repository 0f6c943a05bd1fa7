"""Forecasts in words."""

from __future__ import annotations

from collections.abc import Sequence

from convscope.look.numbers import duration, size
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
        f"Forecast: {duration(run.value)} {extent} ({duration(run.low)} to "
        f"{duration(run.high)}), {duration(step.value)} a step, memory "
        f"{size(memory.value)} ({size(memory.low)} to {size(memory.high)}); "
        "nine times in ten within these ranges"
    )


def beside_actual(rows: Sequence[ForecastRow]) -> str:
    """One line: what came of each figure, and what had been forecast."""
    parts = []
    for row in rows:
        words = size if row.unit == "bytes" else duration
        actual = "unknown" if row.actual is None else words(row.actual)
        parts.append(f"{row.what} {actual} (forecast {words(row.forecast)})")
    return "Forecast and actual: " + ", ".join(parts)
