"""The spread of activations through depth, one line for each initialization."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from convscope.inspection.initialization.spread import LayerSpread
from convscope.look.canvas import drawing, footnote, headline
from convscope.look.palette import MARKERS, SERIES


def initialization_figure(
    spreads: Mapping[str, Sequence[LayerSpread]], path: str | Path | None = None
) -> Figure:
    """Draw the standard deviation of each layer's outputs, layer after layer.

    Args:
        spreads: The spread through depth by name of the initialization, at most seven.
        path: The PNG to write; None only gives the figure.
    """
    with drawing(path, 9.0, 5.2) as figure:
        headline(figure, "How widely the outputs of each layer vary, before training")
        axes = figure.subplots()
        for (name, rows), colour, marker in zip(spreads.items(), SERIES, MARKERS, strict=False):
            depth = np.arange(1, len(rows) + 1)
            values = [row.std if row.std > 0 else np.nan for row in rows]
            axes.plot(depth, values, label=name, color=colour, marker=marker, markersize=5)
        axes.set_yscale("log")
        axes.set(xlabel="layer with weights", ylabel="standard deviation of its outputs")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend(title="initialization", loc="center left", bbox_to_anchor=(1.0, 0.5))
        footnote(
            figure,
            "Level: the signal keeps its size through the network. Falling: it dies out, and deep "
            "layers learn slowly.\nRising: numbers and gradients explode.",
        )
    return figure
