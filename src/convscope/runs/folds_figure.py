"""The accuracies of a group of folds as a figure."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from convscope.look.canvas import drawing, footnote, headline
from convscope.look.numbers import percent
from convscope.look.palette import FAINT, SERIES

if TYPE_CHECKING:
    from convscope.runs.fold_group import FoldGroup


def folds_figure(group: FoldGroup, path: str | Path | None = None) -> Figure:
    """Draw the accuracy of every fold, and that over the images of all of them.

    Args:
        group: May be going on; without a result the figure says so.
        path: The PNG to write; None writes none.
    """
    found = group.as_dict()
    rows = [row for row in found["folds"] if "accuracy" in row]
    name = f"{group.recipe.network or 'network'}, {group.folds} folds"
    with drawing(path, 7.0, 4.4) as figure:
        axes = figure.subplots()
        axes.set_xlabel("fold")
        axes.set_ylabel("accuracy")
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.set_xlim(0.5, group.folds + 0.5)
        if not rows:
            headline(figure, f"{name}: no fold has a result yet")
            return figure
        low, high = found["interval"]
        headline(figure, f"{name}: {percent(found['accuracy'])} of all images right")
        axes.axhspan(low, high, color=FAINT, alpha=0.25, linewidth=0)
        axes.axhline(found["accuracy"], color=FAINT, linewidth=1.2, linestyle="--")
        axes.plot(
            [row["fold"] for row in rows],
            [row["accuracy"] for row in rows],
            color=SERIES[0],
            linestyle="",
            marker="o",
            markersize=7,
        )
        footnote(
            figure,
            f"dashed: over {found['images']:,} images, each tested on once; grey: 95 % interval",
        )
    return figure
