"""The first kernels of a network, side by side."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from convscope.inspection.feature_maps.figure import mosaic_columns
from convscope.look.canvas import drawing, footnote, headline
from convscope.look.language import pick
from convscope.look.panels import add_bar, draw_mosaic, size, value_range

MOST = 64  # kernels


def first_kernels_figure(
    layer: str, kernels: NDArray[np.float32], path: str | Path | None = None
) -> Figure:
    """Draw the kernels that the images meet first; of many, the first 64.

    Those of colour images are drawn in colours: mid grey is 0, and a kernel responds most to
    what looks like it. Others are drawn in red (above 0) and blue (below), and those with several
    channels channel after channel.

    Args:
        layer: Name of the convolution.
        kernels: The weights (kernels, channels, height, width).
        path: The PNG to write; None only gives the figure.
    """
    weights = kernels[:MOST]
    count, channels, height, width = weights.shape
    far = max(map(abs, value_range(weights)))
    in_colour = channels == 3
    images = weights.transpose(0, 2, 3, 1) if in_colour else weights.reshape(-1, height, width)
    columns = mosaic_columns(len(images), height / width)
    rows = math.ceil(len(images) / columns)
    with drawing(path, 7.0, min(6.0 * rows / columns * height / width + 1.4, 14.0)) as figure:
        title = pick(
            f"{layer}: {len(kernels)} kernels of {size(weights)}",
            f"{layer}：{len(kernels)} 个 {size(weights)} 的卷积核",
        )
        if count < len(kernels):
            title += pick(f", the first {count}", f"，前 {count} 个")
        headline(figure, title)
        axes = figure.subplots()
        if in_colour:
            draw_mosaic(axes, np.clip(0.5 + 0.5 * images / far, 0, 1), columns)
            footnote(
                figure,
                pick(
                    f"mid grey is 0, full colour ±{far:.2g}",
                    f"中灰为 0，最纯的颜色为 ±{far:.2g}",
                ),
            )
        else:
            add_bar(figure, draw_mosaic(axes, images, columns, -far, far), axes)
    return figure
