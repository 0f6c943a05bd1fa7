"""A comparison as a figure: accuracies with their intervals, and how they came about."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from convscope.comparison.contender import Contender
from convscope.comparison.words import in_short
from convscope.look.canvas import drawable, drawing, footnote, headline, shorten
from convscope.look.numbers import percent
from convscope.look.palette import INK, SERIES

if TYPE_CHECKING:
    from convscope.comparison.compare import Comparison

MARKERS = ("o", "s", "^", "D", "v", "P", "X")
MOST_WITH_MARKERS = 40  # epochs; more markers would run into a thick line


def comparison_figure(comparison: Comparison, path: str | Path | None = None) -> Figure:
    """Draw the accuracies with intervals, sorted, beside the accuracy after every epoch.

    Args:
        comparison: What to draw; the most accurate is at the top.
        path: The PNG to write; None writes none.
    """
    contenders = comparison.contenders
    names = [
        shorten(drawable(each.name, instead=f"run {number}"), 24)
        for number, each in enumerate(contenders, 1)
    ]
    with drawing(path, 11.0, max(4.4, 1.9 + 0.42 * len(contenders))) as figure:
        headline(figure, _result(comparison, names))
        left, right = figure.subplots(1, 2)
        _draw_accuracies(left, contenders, names)
        _draw_curves(right, contenders)
        footnote(figure, _how_to_read(contenders))
    return figure


def _result(comparison: Comparison, names: Sequence[str]) -> str:
    """What came of the two most accurate."""
    two = {id(each) for each in comparison.contenders[:2]}
    pair = next(pair for pair in comparison.pairs if {id(pair.first), id(pair.second)} == two)
    drawn = {each.name: name for each, name in zip(comparison.contenders, names, strict=True)}
    return in_short(pair, drawn[pair.first.name], drawn[pair.second.name])


def _how_to_read(contenders: Sequence[Contender]) -> str:
    sentences = []
    if not all(each.is_group for each in contenders):
        sentences.append("Bars of single runs are 95 % confidence intervals.")
    if any(each.is_group for each in contenders):
        sentences.append("Bars of seeds span all of them; the large mark is their median.")
    return " ".join([*sentences, "Colours and marks on the right are those of the left."])


def _draw_accuracies(axes: Axes, contenders: Sequence[Contender], names: Sequence[str]) -> None:
    axes.set_title(_evaluated_on(contenders))
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5))
    axes.set_yticks(range(len(contenders)), names, parse_math=False)
    axes.set_ylim(len(contenders) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.margins(x=0.1)
    for row, each in enumerate(contenders):
        colour, marker = _look(row)
        axes.plot(each.interval, [row] * 2, color=colour, linewidth=2.0, marker="|", markersize=9)
        if each.is_group:
            axes.plot(
                each.accuracies, [row] * len(each.accuracies), color=colour, linestyle="",
                marker="o", markersize=4, alpha=0.6,
            )  # fmt: skip
        axes.plot(each.accuracy, row, color=colour, marker=marker, markersize=6)
        axes.annotate(
            percent(each.accuracy), (each.accuracy, row), xytext=(0, 8),
            textcoords="offset points", ha="center", color=INK, fontsize=9,
        )  # fmt: skip
    # Room for the numbers above the marks, but no share above 100 %.
    low, high = axes.get_xlim()
    axes.set_xticks([tick for tick in axes.get_xticks() if max(0, low) <= tick <= min(1, high)])


def _evaluated_on(contenders: Sequence[Contender]) -> str:
    evaluated = [each.evaluated[0] for each in contenders]
    if len({(each.data, each.split, each.images) for each in evaluated}) > 1:
        return "Accuracy, of each on its own images"
    return f"Accuracy on {evaluated[0].images:,} {evaluated[0].split} images"


def _draw_curves(axes: Axes, contenders: Sequence[Contender]) -> None:
    splits = sorted({each.curve_split for each in contenders})
    axes.set_title(f"After each epoch ({' or '.join(splits)} images)")
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
    for row, each in enumerate(contenders):
        colour, marker = _look(row)
        for points in each.curves:
            epochs, accuracies = zip(*points, strict=True)
            axes.plot(
                epochs, accuracies, color=colour, linewidth=1.0 if each.is_group else 1.8,
                marker=marker if len(points) <= MOST_WITH_MARKERS else "", markersize=4,
                alpha=0.7 if each.is_group else 1.0,
            )  # fmt: skip


def _look(row: int) -> tuple[str, str]:
    """Colour and marker; with more contenders than colours, the pairs of the two differ."""
    return SERIES[row % len(SERIES)], MARKERS[(row + row // len(SERIES)) % len(MARKERS)]
