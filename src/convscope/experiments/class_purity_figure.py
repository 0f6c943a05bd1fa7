"""The images that excite channels most, at several depths."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from convscope.look.canvas import drawing, footnote, headline
from convscope.look.language import pick
from convscope.look.palette import OUTLINE
from convscope.look.panels import draw_image

if TYPE_CHECKING:
    from convscope.experiments.class_purity import ClassPurity
    from convscope.inspection.excitation.excitation import ExcitingImage

CHANNELS = 2  # drawn of each layer: those that respond most strongly, relative to their layer
SHOWN = 9


def purity_figure(purity: ClassPurity, path: str | Path | None = None) -> Figure:
    """Draw a row for each of two channels of every layer.

    Args:
        purity: From `measure_class_purity`.
        path: The PNG to write; None only gives the figure.
    """
    rows = [
        (layer, channel, best[:SHOWN])
        for layer, found in purity.found.items()
        for channel, best in _chosen(dict(found.channels))
    ]
    with drawing(path, 9.0, 1.3 + 1.0 * len(rows)) as figure:
        headline(
            figure,
            pick(
                "Early channels respond to strokes, late ones to digits",
                "浅层通道响应笔画，深层通道响应整个数字",
            ),
        )
        grid = figure.subplots(len(rows), SHOWN, squeeze=False)
        for line, (layer, channel, best) in zip(grid, rows, strict=True):
            for axes, each in zip(line, best, strict=False):
                draw_image(axes, each.image)
                height, width = each.box.size
                axes.add_patch(
                    Rectangle((each.box.left - 0.5, each.box.top - 0.5), width, height,
                              fill=False, edgecolor=OUTLINE, linewidth=1.5)
                )  # fmt: skip
            for axes in line[len(best) :]:
                axes.set_axis_off()
            line[0].set_ylabel(f"{layer}:{channel}", rotation=0, ha="right", va="center")
        footnote(
            figure,
            pick(
                "Rows: layer and channel; the images that excite it most. Frame: what the "
                "strongest unit sees.",
                "每行为一个通道及最能激发它的图像；方框为响应最强的单元所见的范围。",
            ),
        )
    return figure


def _chosen(
    channels: dict[int, tuple[ExcitingImage, ...]],
) -> list[tuple[int, tuple[ExcitingImage, ...]]]:
    """The channels that respond most strongly."""
    strength = [(float(np.mean([each.value for each in best])), c) for c, best in channels.items()]
    return [
        (channel, channels[channel]) for _, channel in sorted(strength, reverse=True)[:CHANNELS]
    ]
