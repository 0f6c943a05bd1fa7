"""A matrix with windows of pooling around its numbers, and the result beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from convscope.look.canvas import drawing, headline
from convscope.look.language import pick
from convscope.look.palette import FAINT, INK, SERIES
from convscope.look.panels import draw_numbers

if TYPE_CHECKING:
    from convscope.experiments.pooled_matrix import PooledMatrix

MOST_WINDOWS = 4  # of which each has its colour


def pooled_matrix_figure(pooled: PooledMatrix, path: str | Path | None = None) -> Figure:
    """Draw the matrix with its windows, each in a colour, and the result in the same colours.

    Args:
        pooled: From `pool_matrix`.
        path: The PNG to write; None only gives the figure.
    """
    rows, columns = pooled.matrix.shape
    with drawing(path, 8.5, 4.4) as figure:
        headline(
            figure,
            pick("The largest number of each window", "取每个窗口中最大的数")
            if pooled.kind == "max"
            else pick("The mean of each window", "取每个窗口的平均值"),
        )
        left, right = figure.subplots(1, 2)
        for axes, values in ((left, pooled.matrix), (right, pooled.values)):
            draw_numbers(axes, values, 11 if max(values.shape) <= 6 else 8)
        left.set_title(
            pick(
                f"window {pooled.window}, padding {pooled.padding}, stride {pooled.stride}",
                f"窗口 {pooled.window}，填充 {pooled.padding}，步幅 {pooled.stride}",
            )
        )
        right.set_title(pick("result", "结果"))
        edge = pooled.padding + 0.5
        left.set_xlim(-edge - 0.15, columns - 1 + edge + 0.15)
        left.set_ylim(rows - 1 + edge + 0.15, -edge - 0.15)
        left.spines[:].set_visible(False)
        left.add_patch(_frame(-0.5, -0.5, columns, rows, FAINT, 0.8, 0.0))
        _draw_windows(pooled, left, right)
    return figure


def _draw_windows(pooled: PooledMatrix, left: Axes, right: Axes) -> None:
    """The windows of the first rows and columns of the result, as many as there are colours."""
    places = [*np.ndindex(*pooled.values.shape)][:MOST_WINDOWS]
    for number, (row, column) in enumerate(places):
        colour, inset = SERIES[number], 0.05 + 0.045 * number
        y, x = (place * pooled.stride - pooled.padding - 0.5 for place in (row, column))
        left.add_patch(_frame(x, y, pooled.window, pooled.window, colour, 2.5, inset))
        right.add_patch(_frame(column - 0.5, row - 0.5, 1, 1, colour, 3.0, 0.05))
    for spine in right.spines.values():
        spine.set_color(INK)


def _frame(
    x: float, y: float, width: float, height: float, colour: str, line: float, inset: float
) -> Rectangle:
    """A frame, a little inside of where it would be, so that those of neighbours can be told."""
    return Rectangle(
        (x + inset, y + inset), width - 2 * inset, height - 2 * inset,
        fill=False, edgecolor=colour, linewidth=line,
    )  # fmt: skip
