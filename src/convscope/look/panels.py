"""Images, maps and numbers, each drawn into one part of a figure."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from convscope.look.palette import DIVERGING, FAINT, INK, SEQUENTIAL

SMALL = 200  # pixels: an image of fewer is enlarged as squares, so that they can be told apart
CELL = 96  # pixels that a small map of a mosaic is enlarged to, about
LETTERS_ACROSS = 40  # in a row of numbers, at the usual size of a panel
GAP = 16  # pixels between the maps of a mosaic, of which a number stands in those above

Pixels = NDArray[np.uint8]
Values = NDArray[np.floating[Any]]


def draw_image(axes: Axes, image: Pixels) -> Any:
    """Draw an image, uint8 (C, H, W) with 1 or 3 channels; of others, the first channel."""
    pixels = image.transpose(1, 2, 0) if len(image) == 3 else image[0]
    return _show(axes, pixels, cmap="gray", vmin=0, vmax=255)


def draw_values(axes: Axes, values: Values, low: float, high: float) -> Any:
    """Draw numbers (H, W) as colours, so that those below 0 can be told from those above.

    Args:
        axes: Where.
        values: The numbers; NaN is left white.
        low: The lowest that is told apart; if it is not below 0, dark is low and yellow is high.
        high: The highest. With `low` below 0, white is 0 and both sides reach equally far.
    """
    if low < 0:
        reach = max(-low, high)
        return _show(axes, values, cmap=DIVERGING, vmin=-reach, vmax=reach)
    return _show(axes, values, cmap=SEQUENTIAL, vmin=low, vmax=max(high, low + 1e-12))


def draw_numbers(axes: Axes, values: Values, fontsize: float) -> None:
    """Draw a small matrix as coloured squares with the numbers in them.

    Where many numbers stand in a row they get fewer digits, at least two, and then smaller letters.
    """
    reach = abs(values).max() or 1.0
    # Only up to half of the colours' strength: dark text can be read on all of these.
    axes.imshow(0.5 * values / reach, cmap=DIVERGING, vmin=-1, vmax=1)
    texts, scale = _fitting_numbers(values)
    for (row, column), text in np.ndenumerate(texts):
        axes.text(column, row, text, ha="center", va="center", color=INK, fontsize=fontsize * scale)
    _frame(axes)


def _fitting_numbers(values: Values) -> tuple[NDArray[np.str_], float]:
    """Numbers as texts that fit side by side, and by how much the letters must shrink for that."""
    across = 1.0
    texts = np.array([[""]])
    for digits in (4, 3, 2):
        rows = [[f"{value:.{digits}g}".replace("-", "−") for value in row] for row in values]
        texts = np.array(rows)
        across = LETTERS_ACROSS / (texts.shape[1] * max(len(text) for text in texts.flat))
        if across >= 1:
            break
    return texts, min(1.0, across)


def draw_mosaic(
    axes: Axes, images: NDArray[Any], columns: int, low: float = 0.0, high: float = 1.0
) -> Any:
    """Draw many maps or small images of one size in rows, each with its number above.

    One image is made of all of them, which takes a fraction of the time that parts of a figure
    would take.

    Args:
        axes: Where.
        images: Numbers (N, H, W), drawn as by `draw_values`; or colours (N, H, W, 3) in [0, 1].
        columns: How many stand in a row.
        low: As in `draw_values`.
        high: As in `draw_values`.
    """
    times = max(1, CELL // max(images.shape[1:3]))
    images = images.repeat(times, axis=1).repeat(times, axis=2)
    count, height, width = images.shape[:3]
    rows = math.ceil(count / columns)
    down, across = height + GAP, width + GAP
    whole = np.full((rows * down, columns * across - GAP, *images.shape[3:]), np.nan)
    size = float(np.clip(2000 / whole.shape[1] * GAP / 4, 3.0, 8.0))
    for number, image in enumerate(images):
        y, x = number // columns * down + GAP, number % columns * across
        whole[y : y + height, x : x + width] = image
        axes.text(x, y - 2, str(number), ha="left", va="bottom", fontsize=size, color=FAINT)
    if images.ndim == 4:
        drawn = _show(axes, np.nan_to_num(whole, nan=1.0))
    else:
        drawn = draw_values(axes, whole, low, high)
    axes.set_axis_off()
    return drawn


def add_bar(figure: Figure, image: Any, axes: Any) -> None:
    """Say beside the axes which colour stands for which number."""
    bar = figure.colorbar(image, ax=axes, fraction=0.04, pad=0.02, aspect=30)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=9)


def size(values: NDArray[Any]) -> str:
    """Height and width of (…, H, W) as text."""
    return f"{values.shape[-2]} × {values.shape[-1]}"


def value_range(values: Values, share: float = 0.995) -> tuple[float, float]:
    """The range that all but the most extreme values lie in: the few would leave all others pale.

    Args:
        values: Numbers of any shape.
        share: Share of them, by magnitude, that lies within.

    Returns:
        Lowest and highest; the lowest is 0 or below 0.
    """
    far = float(np.quantile(abs(values), share)) or float(abs(values).max()) or 1.0
    low, high = float(values.min()), float(values.max())
    return max(min(low, 0.0), -far), min(max(high, 0.0), far)


def _show(axes: Axes, pixels: NDArray[Any], **colours: Any) -> Any:
    smoothing = "nearest" if max(pixels.shape[:2]) < SMALL else "antialiased"
    image = axes.imshow(pixels, interpolation=smoothing, **colours)
    _frame(axes)
    return image


def _frame(axes: Axes) -> None:
    """An image needs no ticks, and a thin frame shows where a white one ends."""
    axes.set_xticks([])
    axes.set_yticks([])
    axes.grid(visible=False)
    axes.spines[:].set(visible=True, color=FAINT, linewidth=0.5)
