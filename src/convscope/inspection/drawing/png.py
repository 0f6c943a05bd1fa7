"""A drawing as PNG, by matplotlib without a display."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path as File
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Curve

from convscope.files import atomic_path
from convscope.inspection.drawing.shapes import Path, Shape, Text
from convscope.look.canvas import font_families

_POINTS_PER_INCH = 72
_STYLE = {
    "lines.scale_dashes": False,
    "text.hinting": "no_hinting",  # letters as wide as they were measured to be
}
_CODES = {
    "M": (Curve.MOVETO,),
    "L": (Curve.LINETO,),
    "Q": (Curve.CURVE3,) * 2,
    "C": (Curve.CURVE4,) * 3,
    "Z": (Curve.CLOSEPOLY,),
}


def draw_png(
    shapes: Sequence[Shape],
    width: float,
    height: float,
    pixels: int,
    path: str | File | None = None,
) -> Figure:
    """Draw shapes on a page, and write them to a PNG file.

    Args:
        shapes: Those drawn later cover those before.
        width: Width of the page in points.
        height: Height of the page in points.
        pixels: Width of the image.
        path: The file to write; None only gives the figure.
    """
    with matplotlib.rc_context({**_STYLE, "font.family": [*font_families()]}):
        size = (width / _POINTS_PER_INCH, height / _POINTS_PER_INCH)
        resolution = pixels / width * _POINTS_PER_INCH
        figure = Figure(figsize=size, dpi=resolution, facecolor="white")
        FigureCanvasAgg(figure)
        axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
        axes.set_axis_off()
        for order, shape in enumerate(shapes):
            if isinstance(shape, Text):
                _add_text(axes, shape, order)
            else:
                axes.add_patch(_patch(shape, order))
        if path is not None:
            with atomic_path(path) as temporary:
                figure.savefig(temporary)
    return figure


def _add_text(axes: Axes, text: Text, order: int) -> None:
    axes.text(
        text.x,
        text.y,
        text.text,
        fontsize=text.size,
        color=text.colour,
        fontweight="bold" if text.bold else "normal",
        ha={"start": "left", "middle": "center", "end": "right"}[text.anchor],
        va="baseline",
        zorder=order,
        parse_math=False,
    )


def _patch(path: Path, order: int) -> PathPatch:
    points: list[Any] = []
    codes: list[Any] = []
    for name, *given in path.commands:
        codes += _CODES[str(name)]
        points += given or [(0.0, 0.0)]  # closing needs a point that is not looked at
    return PathPatch(
        Curve(points, codes),
        facecolor=path.pen.fill or "none",
        edgecolor=path.pen.stroke or "none",
        linewidth=path.pen.width,
        linestyle=(0, (3, 2)) if path.pen.dashed else "solid",
        joinstyle="round",
        capstyle="butt",
        zorder=order,
        snap=False,  # whole pixels would set lines off against those they go on from
    )
