"""The parts of the figures of one number: windows with their numbers, products, bars, marks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.figure import SubFigure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from convscope.definitions.arrays import FloatArray
from convscope.graph.operations.numbers import Product
from convscope.graph.operations.words import number
from convscope.inspection.unit.tables import channels_by_size, is_uniform, title
from convscope.inspection.unit.text_blocks import block
from convscope.look.canvas import shorten
from convscope.look.palette import ABOVE, BELOW, DIVERGING, FAINT, INK, OUTLINE
from convscope.look.panels import draw_values

LEGIBLE = 7  # rows or columns; in more, numbers can't be read

Bar = tuple[str, float]


def mark(axes: Axes, top: float, left: float, bottom: float, right: float) -> None:
    """Frame rows and columns, both ends included, so that it can be seen on any colour."""
    frame = Rectangle(
        (left - 0.5, top - 0.5),
        right - left + 1,
        bottom - top + 1,
        fill=False,
        edgecolor=OUTLINE,
        linewidth=2.0,
        clip_on=False,
    )
    frame.set_path_effects([patheffects.withStroke(linewidth=4.0, foreground=INK)])
    axes.add_patch(frame)


def small_title(axes: Axes, text: str) -> None:
    """A title that leaves room for the next panel's."""
    axes.set_title(text, fontsize=9, fontweight="normal", parse_math=False)


def draw_cells(
    axes: Axes,
    name: str,
    values: FloatArray,
    outside: NDArray[np.bool_],
    winner: tuple[int, ...] | None = None,
) -> None:
    """Draw a window as coloured squares; of a small one with the numbers, padding hatched.

    Args:
        axes: Where.
        name: What stands above.
        values: The numbers, (rows, columns).
        outside: Which of them are padding.
        winner: Which to frame.
    """
    far = float(abs(values).max()) or 1.0
    if max(values.shape) > LEGIBLE:
        draw_values(axes, np.where(outside, np.nan, values), -far, far)
        small_title(axes, shorten(name, 44))
        return
    # Only up to half of the colours' strength: dark text can be read on all of these.
    axes.imshow(0.5 * values / far, cmap=DIVERGING, vmin=-1, vmax=1)
    written = block(shorten(name, 38), values, outside)
    for row, cells in enumerate(written.cells(2 if max(values.shape) > 3 else 4)):
        for column, text in enumerate(cells):
            if outside[row, column]:
                corner = (column - 0.5, row - 0.5)
                axes.add_patch(
                    Rectangle(corner, 1, 1, fill=False, hatch="///", edgecolor=FAINT, linewidth=0)
                )
            else:
                axes.text(column, row, text, ha="center", va="center", color=INK, fontsize=9)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.grid(visible=False)
    axes.spines[:].set(visible=True, color=FAINT, linewidth=0.5)
    if winner is not None:
        mark(axes, winner[0], winner[1], winner[0], winner[1])
    small_title(axes, written.heading())


def has_windows(term: Product) -> bool:
    """Whether the products are windows with rows and columns, which can be drawn as such."""
    return term.products.ndim >= 2 and min(term.products.shape[-2:]) > 1


def rows_of(term: Product, most: int) -> int:
    """How many rows `draw_products` makes."""
    return min(most, int(np.prod(term.products.shape[:-2], dtype=int)))


def draw_products(part: SubFigure, term: Product, most: int) -> None:
    """Draw windows, weights and products side by side; of many channels those that add most.

    Args:
        part: The part of the figure.
        term: Products that have windows.
        most: Channels to draw.
    """
    shown, others = channels_by_size(term, most)
    products = term.products
    weights = term.right.values.reshape(products.shape)
    outside = term.left.outside | term.right.outside.reshape(products.shape)
    grid = part.subplots(len(shown), 6, width_ratios=[5, 0.7, 5, 0.7, 5, 3], squeeze=False)
    for row, channel in zip(grid, shown, strict=True):
        draw_cells(
            row[0], title(term.left, channel), term.left.values[channel], term.left.outside[channel]
        )
        total = number(float(products[channel].sum()))
        if is_uniform(term):
            _say(row[1], "")
            for axes in row[2:]:
                axes.set_axis_off()
            _say(row[2], f"sum × {term.right.name} = {total}", left=True)
            continue
        draw_cells(
            row[2],
            title(term.right, channel),
            weights[channel],
            term.right.outside.reshape(products.shape)[channel],
        )
        draw_cells(row[4], "products", products[channel], outside[channel])
        _say(row[1], "×")
        _say(row[3], "=")
        _say(row[5], f"sum {total}", left=True)
    if others:
        rest = number(sum(float(products[channel].sum()) for channel in others))
        many = "channel" if len(others) == 1 else "channels"
        words = f"the other {len(others)} {many}:\nsum {rest}"
        grid[-1][5].text(0.0, 0.2, words, fontsize=11, va="center")


def _say(axes: Axes, text: str, *, left: bool = False) -> None:
    axes.set_axis_off()
    x, side = (0.0, "left") if left else (0.5, "center")
    axes.text(x, 0.5, text, ha=side, va="center", fontsize=12, transform=axes.transAxes)


def draw_bars(axes: Axes, bars: Sequence[Bar], own: int | None = None) -> None:
    """Draw numbers as bars from top to bottom, each with its value.

    Args:
        axes: Where.
        bars: Names and numbers.
        own: Which bar is drawn dark.
    """
    places = -np.arange(len(bars), dtype=float)
    values = np.array([value for _, value in bars])
    colours = [INK if i == own else ABOVE if value > 0 else BELOW for i, value in enumerate(values)]
    axes.barh(places, values, color=colours, height=0.7)
    axes.axvline(0, color=FAINT, linewidth=0.8)
    axes.set_yticks(places, [shorten(text, 72) for text, _ in bars], fontsize=9, parse_math=False)
    far = float(abs(values).max()) or 1.0
    for place, value in zip(places, values, strict=True):
        axes.annotate(
            number(float(value)),
            (value, place),
            xytext=(3 if value >= 0 else -3, 0),
            textcoords="offset points",
            va="center",
            ha="left" if value >= 0 else "right",
            fontsize=8,
        )
    low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
    high = high if values.any() else 1.0
    axes.set_xlim(low - 0.35 * far * (low < 0), high + 0.3 * far * (high > 0))
    axes.grid(visible=False)
    axes.tick_params(axis="x", labelsize=8)
