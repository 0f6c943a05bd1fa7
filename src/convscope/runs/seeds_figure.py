"""The accuracies of a group of seeds as a figure."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from convscope.look.canvas import drawing, footnote, headline
from convscope.look.numbers import percent
from convscope.look.palette import FAINT, SERIES

if TYPE_CHECKING:
    from convscope.runs.seed_group import SeedGroup


def seeds_figure(group: SeedGroup, path: str | Path | None = None) -> Figure:
    """Draw the accuracy of every seed that was evaluated, and their median.

    Args:
        group: May be going on; without a result the figure says so.
        path: The PNG to write; None writes none.
    """
    runs, spread = group.runs, group.spread
    name = f"{group.recipe.network or 'network'}, {len(group.seeds)} seeds"
    with drawing(path, 7.0, 4.4) as figure:
        axes = figure.subplots()
        axes.set_xlabel("seed")
        axes.set_ylabel("accuracy")
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        if spread is None:
            headline(figure, f"{name}: no seed has a result yet")
            return figure
        headline(figure, f"{name}: {percent(spread.median)} of the images right (median)")
        axes.axhline(spread.median, color=FAINT, linewidth=1.2, linestyle="--")
        seeds = [run.recipe.seed for run in runs]
        accuracies = [run.summary()["accuracy"] for run in runs]
        axes.plot(seeds, accuracies, color=SERIES[0], linestyle="", marker="o", markersize=7)
        footnote(
            figure,
            f"from {percent(spread.lowest)} to {percent(spread.highest)}; dashed: the median",
        )
    return figure
