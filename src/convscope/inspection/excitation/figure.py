"""The images and patches that excite some channels most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from convscope.inspection.excitation.excitation import ExcitingImage
from convscope.look.canvas import drawing, footnote, headline
from convscope.look.palette import OUTLINE
from convscope.look.panels import draw_image

GAP = 0.08  # of an image's width, between images
WHITE = 255


def excitation_figure(
    layer: str,
    channels: Mapping[int, Sequence[ExcitingImage]],
    path: str | Path | None = None,
) -> Figure:
    """Draw a row for each channel: the images with what its strongest unit sees, and that alone.

    Args:
        layer: Name of the layer.
        channels: By channel, from `most_exciting`.
        path: The PNG to write; None only gives the figure.
    """
    with drawing(path, 13.0, 1.05 * len(channels) + 1.3) as figure:
        headline(figure, f"What excites {layer} most")
        footnote(
            figure,
            "The strongest first. The frame is what the channel's strongest unit sees: its "
            "receptive field.",
        )
        grid = figure.subplots(len(channels), 2, squeeze=False)
        for (left, right), (channel, found) in zip(grid, channels.items(), strict=True):
            _draw_images(left, found)
            _draw_strip(right, [each.patch for each in found])
            left.set_ylabel(f"{channel}", rotation=0, ha="right", va="center", fontweight="bold")
            right.set_xlabel(_values(found), fontsize=8)
        grid[0, 0].set_title("channel and images", fontsize=11)
        grid[0, 1].set_title("patches", fontsize=11)
    return figure


def _draw_images(axes: Axes, found: Sequence[ExcitingImage]) -> None:
    step = _draw_strip(axes, [each.image for each in found])
    for place, each in enumerate(found):
        height, width = each.box.size
        corner = (place * step + each.box.left - 0.5, each.box.top - 0.5)
        axes.add_patch(Rectangle(corner, width, height, fill=False, color=OUTLINE, linewidth=1))


def _draw_strip(axes: Axes, images: Sequence[NDArray[np.uint8]]) -> int:
    """Draw images side by side, smaller ones centred; returns the distance between them."""
    channels = len(images[0])
    height = max(image.shape[1] for image in images)
    width: int = max(image.shape[2] for image in images)
    step = width + max(1, int(GAP * width))
    strip = np.full((channels, height, step * len(images)), WHITE, np.uint8)
    for place, image in enumerate(images):
        top = (height - image.shape[1]) // 2
        left = place * step + (width - image.shape[2]) // 2
        strip[:, top : top + image.shape[1], left : left + image.shape[2]] = image
    draw_image(axes, strip[:, :, : step * len(images) - (step - width)])
    axes.spines[:].set_visible(False)
    return step


def _values(found: Sequence[ExcitingImage]) -> str:
    first, last = found[0].value, found[-1].value
    if first <= 0:
        return "never above 0"
    return f"{first:.3g} to {last:.3g}".replace("-", "−")
