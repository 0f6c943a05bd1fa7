"""A search as a figure: the trials, their learning curves, and what each value gave."""

from __future__ import annotations

import math
import statistics
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import (
    FixedLocator,
    FuncFormatter,
    MaxNLocator,
    NullLocator,
    PercentFormatter,
)

from convscope.look.canvas import drawing, footnote, headline, shorten
from convscope.look.numbers import percent
from convscope.look.palette import BLUE, FAINT, GREEN, PALE_BLUE, VERMILION
from convscope.tuning.space import parse_space

if TYPE_CHECKING:
    from convscope.tuning.space import Dimension
    from convscope.tuning.study import Study, TriedRecipe

COLUMNS = 4  # of small parts, one for each value that is searched
BOTTOM = 0.03  # share of the height: where trials without a result are marked
MANY = 8  # trials, among which a few may lie below the axis
ROOM = 0.12  # of the range of accuracies, left free above and below


def study_figure(study: Study, path: str | Path | None = None) -> Figure:
    """Draw a search.

    Args:
        study: May be going on; without a measured trial the figure says so.
        path: The PNG to write; None writes none.
    """
    space = parse_space(study.space, study.recipe.network)
    rows = -(-len(space) // COLUMNS)
    columns = min(COLUMNS, len(space))
    with drawing(path, 11.0, 4.4 + 2.5 * rows) as figure:
        best = study.best
        if best is None:
            headline(figure, f"{study.name}: no trial has been trained to its end yet")
            figure.subplots().set_axis_off()
            return figure
        said = f"{study.name}: {percent(best.accuracy)} of the validation images right"
        if study.retest is not None:
            said += f", {percent(statistics.median(study.retest.validation))} with new seeds"
        headline(figure, said)
        parts_of_figure: Any = figure.subfigures(2, 1, height_ratios=[4.0, 2.5 * rows])
        upper, lower = parts_of_figure
        trials, curves = upper.subplots(1, 2, width_ratios=[1.35, 1])
        _draw_trials(trials, study, best)
        _draw_curves(curves, study, best)
        low, high = _range(study)
        trials.set_ylim(low, high)
        curves.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
        parts = lower.subplots(rows, columns, sharey=True, squeeze=False)
        for place, axes in enumerate(parts.flat):
            if place < len(space):
                _draw_values(axes, study, best, space[place])
                axes.set_ylim(low, high)
            else:
                axes.set_axis_off()
            if place % columns == 0:
                axes.set_ylabel("validation accuracy")
                axes.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
        text = "crosses: trials that ended early or weren't begun; orange: the best"
        if study.retest is not None:
            text += "; green: the best recipe with new seeds, and their median"
        if any((each.accuracy or 0.0) < low for each in study.measured):
            text += "; triangles: lower than shown"
        footnote(figure, text)
    return figure


def _draw_trials(axes: Axes, study: Study, best: TriedRecipe) -> None:
    """Every trial in its order, and the best so far."""
    axes.set_title("Trials")
    axes.set_xlabel("trial")
    axes.set_ylabel("validation accuracy")
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
    numbers = [each.number for each in study.measured]
    accuracies = [each.accuracy or 0.0 for each in study.measured]
    last = max(each.number for each in study.trials)
    so_far = [*accumulate(accuracies, max)]
    axes.step([*numbers, last], [*so_far, so_far[-1]], where="post", color=PALE_BLUE, linewidth=2.2)
    low, _ = _range(study)
    below = [each.number for each in study.measured if (each.accuracy or 0.0) < low]
    others = [each.number for each in study.trials if each.outcome != "measured"]
    for numbers_below, colour, marker in ((others, FAINT, "x"), (below, BLUE, "v")):
        axes.plot(
            numbers_below,
            [BOTTOM] * len(numbers_below),
            color=colour,
            linestyle="",
            marker=marker,
            markersize=5,
            transform=axes.get_xaxis_transform(),
        )
    axes.plot(numbers, accuracies, color=BLUE, linestyle="", marker="o", markersize=6)
    axes.plot([best.number], [best.accuracy or 0.0], color=VERMILION, marker="D", markersize=9)
    retest = study.retest
    ticks = [t for t in MaxNLocator(9, integer=True).tick_values(0, last) if 0 <= t <= last]
    axes.set_xticks(ticks)
    if retest is None:
        return
    after = last + max(1.0, 0.06 * last)
    median = statistics.median(retest.validation)
    axes.plot(
        [after] * len(retest.validation),
        retest.validation,
        color=GREEN,
        linestyle="",
        marker="^",
        markersize=7,
    )
    ticks = [each for each in ticks if each < after - 0.08 * last]
    axes.set_xticks([*ticks, after], [*(f"{each:.0f}" for each in ticks), "new seeds"])
    axes.axhline(median, color=GREEN, linewidth=1.2, linestyle="--", zorder=0)


def _draw_curves(axes: Axes, study: Study, best: TriedRecipe) -> None:
    """The learning curves, by which trials are ended early."""
    axes.set_title("Learning curves")
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    for each in study.trials:
        if not each.curve or each is best:
            continue
        epochs = range(1, len(each.curve) + 1)
        is_whole = each.outcome == "measured"
        axes.plot(epochs, each.curve, color=PALE_BLUE if is_whole else FAINT, linewidth=1.1)
        if not is_whole:
            axes.plot([len(each.curve)], [each.curve[-1]], color=FAINT, marker="x", markersize=5)
    axes.plot(range(1, len(best.curve) + 1), best.curve, color=VERMILION, linewidth=2.4)


def _draw_values(axes: Axes, study: Study, best: TriedRecipe, dimension: Dimension) -> None:
    """What the trials with each value of one field came to."""
    axes.set_title(shorten(dimension.name.replace("_", " "), 26), fontsize=11)
    found = [each for each in study.measured if dimension.field in each.values]
    if dimension.low is None or dimension.high is None:
        names = [str(each).lower() for each in dimension.choices]
        places = [names.index(str(each.values[dimension.field]).lower()) for each in found]
        axes.set_xticks(range(len(names)), [shorten(name, 12) for name in names])
        axes.set_xlim(-0.5, len(names) - 0.5)
        at = names.index(str(best.values[dimension.field]).lower())
    else:
        places = [each.values[dimension.field] for each in found]  # type: ignore[misc]
        at = best.values[dimension.field]  # type: ignore[assignment]
        if dimension.is_logarithmic:
            axes.set_xscale("log")
            axes.set_xlim(dimension.low / 1.1, 1.1 * dimension.high)
            axes.xaxis.set_major_locator(FixedLocator(_round_numbers(dimension)))
            axes.xaxis.set_major_formatter(FuncFormatter(lambda tick, _: f"{tick:.4g}"))
            axes.xaxis.set_minor_locator(NullLocator())
        elif isinstance(dimension.low, int):
            axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
            axes.margins(x=0.1)
    axes.plot(
        places,
        [each.accuracy or 0.0 for each in found],
        color=BLUE,
        linestyle="",
        marker="o",
        markersize=4.5,
        alpha=0.75,
    )
    axes.plot([at], [best.accuracy or 0.0], color=VERMILION, marker="D", markersize=7)


def _round_numbers(dimension: Dimension) -> list[float]:
    """1, 3 and 10 in every power of ten that a range has, but not so many that they collide."""
    low, high = float(dimension.low or 0.0), float(dimension.high or 0.0)
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    marks = [mark * 10.0**decade for decade in decades for mark in (1, 3)]
    shown = [mark for mark in marks if low <= mark <= high]
    return shown if len(shown) <= 5 else [mark for mark in shown if math.log10(mark) % 1 < 0.1]


def _range(study: Study) -> tuple[float, float]:
    """Accuracies to show: the better half of the trials, and all seeds, fill most of the axis."""
    measured = [each.accuracy or 0.0 for each in study.measured]
    seeds = [] if study.retest is None else [*study.retest.validation]
    high, middle = max([*measured, *seeds]), statistics.median(measured)
    low = min([*measured, *seeds])
    if len(measured) >= MANY:  # a few failures don't press all others into a line
        low = min([max(low, high - 10 * max(high - middle, 0.02)), *seeds])
    room = ROOM * max(high - low, 0.01)
    return low - room, high + room
