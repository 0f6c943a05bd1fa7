"""An attribution beside and on top of its image."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convscope.inspection.attribution.attribution import Attribution
from convscope.look.canvas import drawable, drawing, headline, shortened
from convscope.look.panels import add_bar, draw_image, draw_values, reach

TITLES = {
    "saliency": "Saliency",
    "integrated-gradients": "Integrated gradients",
    "occlusion": "Occlusion",
    "grad-cam": "Grad-CAM",
}


def attribution_figure(
    path: str | Path, image: NDArray[np.uint8], attribution: Attribution, label: str
) -> None:
    """Draw an image, how much each pixel counts, and one on top of the other.

    Args:
        path: The PNG to write.
        image: uint8 (C, H, W), as the network saw it.
        attribution: How much each pixel counts.
        label: The class that is explained.
    """
    heat = attribution.heat
    low, high = reach(heat)
    if attribution.signed:
        low, high = -max(-low, high), max(-low, high)
    strength = np.clip(abs(heat) / max(high, -low, 1e-12), 0, 1)
    with drawing(path, 11.0, 11.0 / 3.4 * heat.shape[0] / heat.shape[1] + 1.1) as figure:
        name = shortened(drawable(label, instead="this class"), 40)
        headline(figure, f"{TITLES[attribution.method]}: what counts for {name!r}")
        before, alone, over = figure.subplots(1, 3)
        draw_image(before, image)
        before.set_title("image")
        drawn = draw_values(alone, heat, low, high)
        alone.set_title("how much each pixel counts", fontsize=11)
        add_bar(figure, drawn, alone)
        draw_image(over, (128 + image.mean(axis=0, keepdims=True) / 2).astype(np.uint8))
        draw_values(over, heat, low, high).set_alpha(0.85 * strength)
        over.set_title("both", fontsize=11)
