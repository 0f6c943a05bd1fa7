"""The feature maps of a layer, side by side."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from convscope.look.canvas import drawing, footnote, headline
from convscope.look.language import pick
from convscope.look.panels import add_bar, draw_mosaic, size, value_range

MOST = 64  # maps


def feature_maps_figure(
    layer: str, kind: str, values: NDArray[np.float32], path: str | Path | None = None
) -> Figure:
    """Draw the maps of one layer, all in the same colours; of many, the first 64.

    Args:
        layer: Name of the layer.
        kind: What the layer does, as in "convolution".
        values: The maps (channels, height, width).
        path: The PNG to write; None only gives the figure.
    """
    maps = values[:MOST]
    columns = mosaic_columns(len(maps), values.shape[1] / values.shape[2])
    rows = math.ceil(len(maps) / columns)
    height = 9.0 * rows / columns * values.shape[1] / values.shape[2] + 1.3
    low, high = value_range(maps)
    with drawing(path, 10.0, min(height, 14.0)) as figure:
        some = f"the first {MOST} of " if len(values) > MOST else ""
        many = "map" if len(values) == 1 else "maps"
        headline(
            figure,
            pick(
                f"{layer} ({kind}): {some}{len(values)} {many} of {size(values)}",
                f"{layer}（{kind}）：{len(values)} 张 {size(values)} 的特征图"
                f"{f'，前 {MOST} 张' if some else ''}",
            ),
        )
        axes = figure.subplots()
        add_bar(figure, draw_mosaic(axes, maps, columns, low, high), axes)
        if not maps.any():
            footnote(figure, pick("All of them are 0 everywhere.", "它们处处为 0。"))
    return figure


def mosaic_columns(count: int, tall: float) -> int:
    """How many images stand in a row of a mosaic.

    The whole gets a bit wider than high, and the last row is as full as can be.

    Args:
        count: How many images there are.
        tall: Height of one over its width.
    """
    ideal = math.sqrt(count * 1.6 * tall)
    fitting = [n for n in range(1, count + 1) if 0.6 * ideal <= n <= 1.5 * ideal] or [count]
    return min(fitting, key=lambda n: (-count % n, abs(n - ideal)))
