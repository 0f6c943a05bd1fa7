"""A unit's receptive field on the image: the theoretical as a box, the effective as colours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from convscope.inspection.receptive_field.effective_field import pixels_of_share
from convscope.inspection.receptive_field.unit_field import Box, UnitField
from convscope.look.canvas import drawing, footnote, headline
from convscope.look.language import pick
from convscope.look.numbers import percent
from convscope.look.palette import FAINT, VERMILION
from convscope.look.panels import Pixels, add_bar, draw_image, draw_values

MOST_BEYOND = 0.5  # of the image's size: a field that reaches farther is drawn within only
SHARE = 0.9


def receptive_field_figure(
    image: Pixels,
    field: UnitField,
    effective: NDArray[np.float64],
    path: str | Path | None = None,
) -> Figure:
    """Draw what a unit sees, and how much each pixel of it matters.

    Args:
        image: uint8 (channels, height, width), as a person sees it.
        field: From `unit_field`.
        effective: From `effective_field`, (height, width).
        path: The PNG to write; None only gives the figure.
    """
    height, width = image.shape[-2:]
    with drawing(path, 11.0, min(1.6 + 5.0 * height / width, 12.0)) as figure:
        headline(figure, f"{field.layer}{pick(': ', '：')}{field.place}")
        left, right = figure.subplots(1, 2)
        left.set_title(
            pick(
                f"sees {_size(field.box)} pixels of the image",
                f"看到图像的 {_size(field.box)} 个像素",
            )
        )
        draw_image(left, image)
        right.set_title(pick("how much each of them matters", "每个像素有多重要"))
        peak = effective.max() or 1.0
        add_bar(figure, draw_values(right, effective / peak, 0.0, 1.0), right)
        for axes in (left, right):
            _draw_boxes(axes, field, height, width)
        within = pixels_of_share(effective, SHARE)
        among = int(field.rows.sum() * field.columns.sum())
        footnote(
            figure,
            pick(
                f"Box: the theoretical field{_beyond(field, height, width)}.\n"
                "Colours: the size of the unit's gradient by the pixel, as a share of the largest; "
                f"{percent(SHARE, 0)} of it lies in {within:,} of {among:,} pixels.",
                f"方框：理论感受野{_beyond(field, height, width)}。\n"
                "颜色：单元对该像素的梯度大小，与最大者之比；"
                f"其 {percent(SHARE, 0)} 在 {among:,} 个像素中的 {within:,} 个里。",
            ),
        )
    return figure


def _draw_boxes(axes: Axes, field: UnitField, height: int, width: int) -> None:
    seen = field.unclipped
    if _fits(seen, height, width):
        axes.add_patch(_rectangle(seen, (0, (4, 3)), 1.0))
        axes.set_xlim(min(seen.left, 0) - 1, max(seen.right, width - 1) + 1)
        axes.set_ylim(max(seen.bottom, height - 1) + 1, min(seen.top, 0) - 1)
        axes.spines[:].set(visible=False)
        axes.add_patch(
            Rectangle((-0.5, -0.5), width, height, fill=False, edgecolor=FAINT, linewidth=0.5)
        )
    axes.add_patch(_rectangle(field.box, "solid", 2.0))


def _fits(seen: Box, height: int, width: int) -> bool:
    """Whether there is room to draw the field beyond the border of the image."""
    down = max(-seen.top, seen.bottom - height) / height
    across = max(-seen.left, seen.right - width) / width
    return max(down, across) <= MOST_BEYOND


def _rectangle(box: Box, linestyle: object, linewidth: float) -> Rectangle:
    height, width = box.size
    return Rectangle(
        (box.left - 0.5, box.top - 0.5),  # pixels are drawn around their numbers
        width,
        height,
        fill=False,
        edgecolor=VERMILION,
        linestyle=linestyle,
        linewidth=linewidth,
    )


def _size(box: Box) -> str:
    return " × ".join(str(size) for size in box.size)


def _beyond(field: UnitField, height: int, width: int) -> str:
    if field.unclipped == field.box:
        return ""
    is_drawn, size = _fits(field.unclipped, height, width), _size(field.unclipped)
    return pick(
        f" ({size}{', dashed' if is_drawn else ''}, if the image went on beyond its border)",
        f"（{'虚线：' if is_drawn else ''}假如图像在边界之外延续，则为 {size}）",
    )
