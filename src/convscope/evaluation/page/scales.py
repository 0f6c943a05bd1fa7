"""Axes of charts: where a value lies, and which round numbers are written beside it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from convscope.evaluation.page.words import percent

STEPS = (1, 2, 5, 10)  # that an axis counts by, times a power of ten


@dataclass(frozen=True)
class Axis:
    """One axis of a chart.

    Attributes:
        title: What it measures, with the unit.
        low: The value at its beginning: left or bottom.
        high: The value at its end; below `low` where the axis runs backwards.
        ticks: Values written beside it.
        label: Makes the text of a value.
        logarithmic: Whether equal distances are equal ratios.
    """

    title: str
    low: float
    high: float
    ticks: tuple[float, ...]
    label: Callable[[float], str]
    logarithmic: bool = False

    def place(self, value: float) -> float:
        """How far along the axis a value lies: 0 at its beginning, 1 at its end."""
        if self.logarithmic:
            span = math.log(self.high) - math.log(self.low)
            return (math.log(value) - math.log(self.low)) / span
        return (value - self.low) / (self.high - self.low)


def linear(
    title: str,
    values: Iterable[float],
    label: Callable[[float], str],
    *,
    most: int = 6,
    within: tuple[float, float] = (-math.inf, math.inf),
    whole: bool = False,
) -> Axis:
    """An axis from the round number below all values to the one above them.

    Args:
        title: What it measures.
        values: At least one.
        label: Makes the text of a value.
        most: Ticks.
        within: The axis doesn't pass these, even where the next round number lies beyond.
        whole: Whether only whole numbers are written beside it.
    """
    values = list(values)
    low, high = min(values), max(values)
    if low == high:
        low, high = low - (abs(low) or 1) / 10, high + (abs(high) or 1) / 10
        low, high = max(low, within[0]), min(high, within[1])
    step = _round_step((high - low) / (most - 1), whole=whole)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    low, high = max(first * step, within[0]), min(last * step, within[1])
    ticks = (k * step for k in range(first, last + 1))
    shown = tuple(tick for tick in ticks if low - 1e-9 * step <= tick <= high + 1e-9 * step)
    return Axis(title, low, high, shown, label)


def shares(title: str, values: Iterable[float], *, most: int = 6) -> Axis:
    """A linear axis of shares from 0 to 1, in percent, with the decimals that its ticks need."""
    axis = linear(title, values, str, most=most, within=(0.0, 1.0))
    finest = min(b - a for a, b in zip(axis.ticks, axis.ticks[1:], strict=False))
    digits = max(0, -math.floor(math.log10(100 * finest) + 1e-9))
    return replace(axis, label=lambda share: percent(share, digits))


def logarithmic(title: str, values: Iterable[float], label: Callable[[float], str]) -> Axis:
    """An axis on which equal distances are equal ratios; all values are above 0."""
    values = list(values)
    decades = range(math.floor(math.log10(min(values))) - 1, math.ceil(math.log10(max(values))) + 2)
    marks = [mark * 10.0**decade for decade in decades for mark in STEPS[:3]]
    low = max(mark for mark in marks if mark <= min(values) * (1 + 1e-9))
    high = min(mark for mark in marks if mark >= max(values) * (1 - 1e-9))
    if low == high:
        low, high = low / 2, high * 2
    shown = [mark for mark in marks if low <= mark <= high]
    if len(shown) > 7:
        shown = [mark for mark in shown if math.isclose(math.log10(mark) % 1, 0, abs_tol=1e-9)]
    return Axis(title, low, high, tuple(shown), label, logarithmic=True)


def at(
    title: str, ticks: Sequence[float], label: Callable[[float], str], *, backwards: bool = False
) -> Axis:
    """An axis with exactly these ticks, in rising order, from the first to the last."""
    ends = (ticks[-1], ticks[0]) if backwards else (ticks[0], ticks[-1])
    return Axis(title, *ends, tuple(ticks), label)


def _round_step(least: float, *, whole: bool) -> float:
    """The smallest of 1, 2, 5 times a power of ten that is no less."""
    power = 10.0 ** math.floor(math.log10(least))
    step = next(each * power for each in STEPS if each * power >= least * (1 - 1e-9))
    return max(1.0, step) if whole else step
