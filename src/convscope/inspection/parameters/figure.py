"""Histograms of a network's parameters."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from torch import Tensor

from convscope.data.image_set import spread_evenly
from convscope.inspection.parameters.statistics import ParameterStatistics
from convscope.look.canvas import drawing, footnote, headline, shorten
from convscope.look.palette import BLUE, FAINT

MOST = 24
COLUMNS = 4
BINS = 40


def parameter_histograms(
    rows: Sequence[ParameterStatistics],
    tensors: Mapping[str, Tensor],
    path: str | Path | None = None,
) -> Figure:
    """Draw how the values of each parameter are distributed.

    Of more than 24 parameters, those with two or more axes (dense weights and kernels) are drawn;
    of more than 24 of these, as many, evenly spread from the first layer to the last.

    Args:
        rows: From `measure_parameters`.
        tensors: The parameters by path.
        path: The PNG to write; None only gives the figure.
    """
    chosen = rows if len(rows) <= MOST else [row for row in rows if len(row.shape) > 1]
    if len(chosen) > MOST:
        chosen = [chosen[place] for place in spread_evenly(len(chosen), MOST)]
    lines = math.ceil(len(chosen) / COLUMNS)
    with drawing(path, 12.0, 2.0 * lines + 0.9) as figure:
        some = f"{len(chosen)} of {len(rows)} parameters" if len(chosen) < len(rows) else ""
        headline(figure, f"Values of the parameters{some and ': ' + some}")
        grid = figure.subplots(lines, COLUMNS, squeeze=False).flatten()
        for axes in grid[len(chosen) :]:
            axes.set_axis_off()
        for axes, row in zip(grid, chosen, strict=False):
            values = tensors[row.name].detach().float().cpu().numpy().ravel()
            axes.hist(values[np.isfinite(values)], bins=BINS, color=BLUE)
            if values.min() <= 0 <= values.max():
                axes.axvline(0, color=FAINT, linewidth=0.8)
            axes.set_title(shorten(row.name, 34), fontsize=8.5, parse_math=False)
            shape = "×".join(map(str, row.shape)) or "one number"
            axes.set_xlabel(f"{shape}, std {row.std:.3g}", fontsize=8)
            axes.tick_params(labelsize=7)
            axes.xaxis.set_major_locator(MaxNLocator(5))
            axes.set_yticks([])
            axes.grid(visible=False)
        tied = [row for row in rows if row.also]
        if tied:
            first = tied[0]
            footnote(figure, f"Tied: {first.name} is also {', '.join(first.also)}.")
    return figure
