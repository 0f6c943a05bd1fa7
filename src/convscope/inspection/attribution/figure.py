"""An attribution beside and on top of its image."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from convscope.inspection.attribution.attribution import Attribution
from convscope.look.canvas import drawable, drawing, footnote, headline, shorten
from convscope.look.panels import add_bar, draw_image, draw_values, value_range

TITLES = {
    "saliency": "Saliency",
    "integrated-gradients": "Integrated gradients",
    "occlusion": "Occlusion",
    "grad-cam": "Grad-CAM",
}


def attribution_figure(
    image: NDArray[np.uint8],
    attribution: Attribution,
    label: str,
    path: str | Path | None = None,
) -> Figure:
    """Draw an image, how much each pixel counts, and one on top of the other.

    Args:
        image: uint8 (C, H, W), as the network saw it.
        attribution: How much each pixel counts.
        label: The class that is explained.
        path: The PNG to write; None only gives the figure.
    """
    with drawing(path, 11.0, 11.0 / 3.4 * image.shape[1] / image.shape[2] + 1.1) as figure:
        name = shorten(drawable(label, instead="this class"), 40)
        headline(figure, f"{TITLES[attribution.method]}: what counts for {name!r}")
        before, alone, over = figure.subplots(1, 3)
        draw_image(before, image)
        before.set_title("image")
        low, high = _range(attribution)
        drawn = draw_values(alone, attribution.heat, low, high)
        alone.set_title("how much each pixel counts", fontsize=11)
        add_bar(figure, drawn, alone)
        _draw_over(over, image, attribution)
        over.set_title("both", fontsize=11)
    return figure


def attributions_figure(
    image: NDArray[np.uint8],
    attributions: Sequence[Attribution],
    title: str,
    path: str | Path | None = None,
) -> Figure:
    """Draw an image, and beside it how much each pixel counts, on top of it, by each method.

    Args:
        image: uint8 (C, H, W), as the network saw it.
        attributions: What each method found.
        title: What is explained.
        path: The PNG to write; None only gives the figure.
    """
    columns = 1 + len(attributions)
    panel = 13.0 / max(columns, 3) * image.shape[1] / image.shape[2]
    with drawing(path, 13.0, min(panel, 6.0) + 1.3) as figure:
        headline(figure, shorten(drawable(title, instead="What counts"), 90))
        first, *others = np.atleast_1d(figure.subplots(1, columns)).flat
        draw_image(first, image)
        first.set_title("image")
        for axes, attribution in zip(others, attributions, strict=True):
            _draw_over(axes, image, attribution)
            axes.set_title(TITLES[attribution.method], fontsize=11)
        words = "Bright: pixels that count."
        if any(each.signed for each in attributions):
            words = (
                "Red lifts the score of the class and blue lowers it; where there is no blue, "
                "bright pixels count most."
            )
        footnote(figure, words)
    return figure


def _range(attribution: Attribution) -> tuple[float, float]:
    """The lowest and the highest value that colours tell apart."""
    low, high = value_range(attribution.heat)
    return (-max(-low, high), max(-low, high)) if attribution.signed else (low, high)


def _draw_over(axes: Axes, image: NDArray[np.uint8], attribution: Attribution) -> None:
    """The image in pale grey, and on it the pixels that count, the stronger the less clear."""
    low, high = _range(attribution)
    strength = np.clip(abs(attribution.heat) / max(high, -low, 1e-12), 0, 1)
    draw_image(axes, (128 + image.mean(axis=0, keepdims=True) / 2).astype(np.uint8))
    draw_values(axes, attribution.heat, low, high).set_alpha(0.85 * strength)
