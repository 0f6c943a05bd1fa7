"""The feature maps of a layer, and the first kernels, side by side."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from convscope.inspection.feature_maps.feature_maps import FeatureMaps, FirstKernels
from convscope.look.canvas import drawing, footnote, headline
from convscope.look.panels import add_bar, draw_mosaic, reach, size

MOST = 64  # maps or kernels


def feature_maps_figure(path: str | Path, layer: FeatureMaps) -> None:
    """Draw the maps of one layer, all in the same colours; of many, the first 64.

    Args:
        path: The PNG to write.
        layer: The maps.
    """
    maps = layer.maps[:MOST]
    columns = _columns(len(maps), layer.maps.shape[1] / layer.maps.shape[2])
    rows = math.ceil(len(maps) / columns)
    height = 9.0 * rows / columns * layer.maps.shape[1] / layer.maps.shape[2] + 1.3
    low, high = reach(maps)
    with drawing(path, 10.0, min(height, 14.0)) as figure:
        some = f"the first {MOST} of " if len(layer.maps) > MOST else ""
        many = "map" if len(layer.maps) == 1 else "maps"
        headline(
            figure,
            f"{layer.layer} ({layer.kind}): {some}{len(layer.maps)} {many} of {size(layer.maps)}",
        )
        axes = figure.subplots()
        add_bar(figure, draw_mosaic(axes, maps, columns, low, high), axes)
        if not maps.any():
            footnote(figure, "All of them are 0 everywhere.")


def first_kernels_figure(path: str | Path, kernels: FirstKernels) -> None:
    """Draw the kernels that the images meet first; of many, the first 64.

    Those of colour images are drawn in colours: mid grey is 0, and a kernel answers most to
    what looks like it. Others are drawn in red (above 0) and blue (below), and those with several
    channels channel after channel.

    Args:
        path: The PNG to write.
        kernels: The kernels.
    """
    weights = kernels.weights[:MOST]
    count, channels, height, width = weights.shape
    far = max(map(abs, reach(weights)))
    title = f"{kernels.layer}: {len(kernels.weights)} kernels of {size(weights)}"
    if count < len(kernels.weights):
        title += f", the first {count}"
    in_colour = channels == 3
    images = weights.transpose(0, 2, 3, 1) if in_colour else weights.reshape(-1, height, width)
    columns = _columns(len(images), height / width)
    rows = math.ceil(len(images) / columns)
    with drawing(path, 7.0, min(6.0 * rows / columns * height / width + 1.4, 14.0)) as figure:
        headline(figure, title)
        axes = figure.subplots()
        if in_colour:
            draw_mosaic(axes, np.clip(0.5 + 0.5 * images / far, 0, 1), columns)
            footnote(figure, f"mid grey is 0, full colour ±{far:.2g}")
        else:
            add_bar(figure, draw_mosaic(axes, images, columns, -far, far), axes)


def _columns(count: int, tall: float) -> int:
    """So many that the whole is a bit wider than high, and the last row is as full as can be."""
    ideal = math.sqrt(count * 1.6 * tall)
    fitting = [n for n in range(1, count + 1) if 0.6 * ideal <= n <= 1.5 * ideal] or [count]
    return min(fitting, key=lambda n: (-count % n, abs(n - ideal)))
