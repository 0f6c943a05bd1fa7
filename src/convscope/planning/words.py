"""Forecasts in words."""

from __future__ import annotations

from convscope.planning.forecast import Forecast


def in_words(forecast: Forecast) -> str:
    """One line: how long, how much memory, and how sure that is."""
    run, step, memory = forecast.run, forecast.step, forecast.memory
    return (
        f"Forecast: {time_words(run.value)} in all ({time_words(run.low)} to "
        f"{time_words(run.high)}), {time_words(step.value)} a step, memory "
        f"{size_words(memory.value)} ({size_words(memory.low)} to {size_words(memory.high)}); "
        "nine times in ten within these ranges"
    )


def time_words(seconds: float) -> str:
    """A duration with its unit, three digits: 8.41 ms, 12.3 s, 4 min 10 s, 3 h 20 min."""
    if seconds < 1:
        return f"{1000 * seconds:.3g} ms"
    if seconds < 99.5:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,} h {minutes} min"


def size_words(size: float) -> str:
    """An amount of memory with its unit: 640 MB, 2.31 GB (powers of ten)."""
    return f"{size / 1e9:.3g} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
