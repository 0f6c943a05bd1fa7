"""Convolution of two functions, by its running example: what was eaten, and what is left of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from convscope.definitions.arrays import FloatArray, as_float
from convscope.definitions.convolution import continuous_convolution
from convscope.errors import UsageError
from convscope.look import numbers
from convscope.look.language import pick
from convscope.look.palette import BLUE, INK, PALE_BLUE, VERMILION
from convscope.look.printed import Paragraph, Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DAY = 24.0  # hours
MEALS = ((8.0, 8.5, 600.0), (12.0, 13.0, 800.0), (18.5, 19.5, 700.0))
LASTING = 2.0  # hours after which 1/e, about 37 %, of a portion is left
WIDTHS = (2.0, 1.0, 0.5, 0.25, 0.125)
FINEST = 0.005  # hours, for curves


@dataclass(frozen=True)
class StomachContents(Printed):
    """What is in the stomach at one time of the day, as a convolution.

    Attributes:
        time: The time asked for, in hours.
        exact: Grams in the stomach then, by the integral worked out by hand.
        widths: Widths of the portions that the day was cut into, in hours.
        sums: Grams by the sum over these portions: the discrete convolution.
        meals: Start, stop (hours) and rate (grams an hour) of each meal.
        hours: Times of the day, for the curves.
        eaten: Rate of eating at these times, f(τ).
        left: Share that is left at `time` of what was eaten at these times, g(time − τ).
        contents: Grams in the stomach at these times, (f∗g)(t).
    """

    time: float
    exact: float
    widths: tuple[float, ...]
    sums: tuple[float, ...]
    meals: tuple[tuple[float, float, float], ...]
    hours: FloatArray = field(repr=False)
    eaten: FloatArray = field(repr=False)
    left: FloatArray = field(repr=False)
    contents: FloatArray = field(repr=False)

    @property
    def error(self) -> float:
        """Difference between the finest sum and the integral, as a share of the largest content."""
        return abs(self.sums[-1] - self.exact) / float(self.contents.max())

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        yield Paragraph(
            pick(
                f"In the stomach at {_clock(self.time)}: {self.exact:.1f} g (integral)",
                f"{_clock(self.time)} 胃里有 {self.exact:.1f} 克（积分）",
            ),
            "bold",
        )
        headings = (
            pick("portions of", "每份的时长"), pick("sum, g", "求和（克）"),
        )  # fmt: skip
        rows = [
            (_portion(width), f"{grams:.1f}")
            for width, grams in zip(self.widths, self.sums, strict=True)
        ]
        yield TextTable("", headings, rows)

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw both functions, their product, and what its area is over the day.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        from convscope.look.canvas import drawing, headline

        clock = _clock(self.time)
        with drawing(path, 9.0, 6.6) as figure:
            headline(
                figure,
                pick(
                    "What is in the stomach now: eaten then × share that is left, added up",
                    "现在胃里有多少：当时吃下的 × 剩下的比例，再加起来",
                ),
            )
            top, middle, low = figure.subplots(3, 1, sharex=True)
            top.fill_between(self.hours, self.eaten, color=PALE_BLUE, step="mid")
            top.set_ylabel(pick("eaten, g/h", "进食（克/时）"), color=BLUE)
            share = top.twinx()
            share.plot(self.hours, self.left, color=VERMILION)
            share.set_ylabel(pick("share left", "剩余比例"), color=VERMILION)
            share.set_ylim(0, 1.05)
            share.grid(visible=False)
            share.spines["right"].set_visible(True)
            top.set_title(
                pick(
                    f"eating f(τ), and what is left of it at {clock}: g(t − τ), flipped",
                    f"进食 f(τ)，与到 {clock} 时的剩余比例 g(t − τ)：g 是翻转的",
                )
            )
            middle.fill_between(self.hours, self.eaten * self.left, color=BLUE, step="mid")
            middle.set_ylabel(pick("product, g/h", "乘积（克/时）"))
            middle.set_title(
                pick(
                    f"the product: its area is {self.exact:.0f} g",
                    f"两者之积：面积为 {self.exact:.0f} 克",
                )
            )
            low.plot(self.hours, self.contents, color=INK)
            low.plot([self.time], [self.exact], "o", color=BLUE, markersize=8)
            low.set_ylabel(pick("contents, g", "胃内（克）"))
            low.set_title(pick("the same for every time: (f∗g)(t)", "对每个时刻都这样算：(f∗g)(t)"))
            low.set_xlabel(pick("hour of the day", "时刻"))
            low.set_xlim(0, DAY)
            low.set_xticks(range(0, 25, 3))
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold, without the curves."""
        return {
            "time": self.time,
            "exact": self.exact,
            "widths": list(self.widths),
            "sums": list(self.sums),
            "meals": [list(meal) for meal in self.meals],
        }


def convolve_meals(
    time: float = 14.0,
    meals: Sequence[tuple[float, float, float]] = MEALS,
    widths: Sequence[float] = WIDTHS,
) -> StomachContents:
    """Work out what is in the stomach at a time of the day, by the integral and by sums.

        (f∗g)(t) = ∫ f(τ) g(t − τ) dτ ≈ Σ f(τ_j) g(t − τ_j) h

    f(τ) is how fast one eats at the time τ, g(age) = e^(−age / 2 h) the share that is left at that
    age, and 0 for what hasn't been eaten yet. The integral is worked out by hand, meal by meal; the
    sums are `definitions.continuous_convolution` with portions of the given widths.

    Args:
        time: Hour of the day, 0 to 24.
        meals: Start and stop (hours, which all `widths` should divide) and grams an hour of each.
        widths: Widths h of the portions in hours, each dividing the day.

    Raises:
        UsageError: The time is outside the day, or a meal or width is.
    """
    if not 0 <= time <= DAY or any(not 0 <= a < b <= DAY or r < 0 for a, b, r in meals):
        raise UsageError(
            "time must lie in 0 to 24 hours, and meals be (start, stop, grams an hour) within the "
            f"day; got time {time} and meals {tuple(meals)}."
        )
    if not widths or any(width <= 0 or DAY % width for width in widths):
        raise UsageError(f"widths must be hours that divide a day of 24; got {tuple(widths)}.")

    def eaten(hour: FloatArray) -> FloatArray:
        return as_float(sum(rate * ((hour >= a) & (hour < b)) for a, b, rate in meals))

    def convolved(times: ArrayLike, width: float) -> FloatArray:
        return continuous_convolution(
            eaten, left, times, start=0, stop=DAY, intervals=round(DAY / width)
        )

    hours = np.arange(FINEST, DAY, 2 * FINEST)
    return StomachContents(
        time, sum(_left_of_meal(time, *meal) for meal in meals), tuple(widths),
        tuple(float(convolved(time, width)) for width in widths),
        tuple(meals), hours, eaten(hours), left(time - hours),
        np.interp(hours, hours[::20], convolved(hours[::20], 5 * FINEST)),
    )  # fmt: skip


def left(age: ArrayLike) -> FloatArray:
    """The share of a portion that is left at an age in hours: e^(−age / 2), and 0 below 0."""
    age = as_float(age)
    return np.where(age >= 0, np.exp(-np.maximum(age, 0) / LASTING), 0.0)


def _left_of_meal(time: float, start: float, stop: float, rate: float) -> float:
    """The integral over one meal, by hand: ∫ rate · e^(−(t − τ)/2) dτ from start to stop or t."""
    if time <= start:
        return 0.0
    last = min(stop, time)
    grams = np.exp(-(time - last) / LASTING) - np.exp(-(time - start) / LASTING)
    return float(rate * LASTING * grams)


def _clock(time: float) -> str:
    hour, minute = divmod(round(60 * time), 60)
    return f"{hour}:{minute:02d}"


def _portion(hours: float) -> str:
    """How long a portion takes."""
    minutes, seconds = divmod(round(3600 * hours), 60)
    if seconds:
        chinese = f"{minutes} 分 {seconds} 秒"
    else:
        chinese = f"{minutes} 分钟" if minutes % 60 else f"{minutes // 60} 小时"
    return pick(numbers.duration(3600 * hours), chinese)
