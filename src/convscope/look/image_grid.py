"""A sheet of small images with a line of text under each, as a PNG file."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len

from convscope.errors import UsageError
from convscope.files import atomic_path

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMNS = 10
CELL = 1.15  # inches, for an image and its margin
MARGIN = 0.06  # inches, around an image
GAP = 0.3  # inches, between groups
LINE = 0.15  # inches, for a line of caption
HEADING = 0.55  # inches
TITLE_CHARACTER = 0.125  # inches, a little more than a letter of the title takes
RESOLUTION = 120  # pixels per inch
CAPTION_LENGTH = 18  # in columns of a terminal, of which a Chinese character takes two
MAX_LINES = 3
FONTS = (
    # Matplotlib takes each character from the first font of this list that has it, so that names
    # in Chinese, Japanese and Korean can be read wherever one of the usual fonts is installed.
    "DejaVu Sans",
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Droid Sans Fallback",
    "PingFang SC",
    "Hiragino Sans GB",
    "Heiti SC",
    "Microsoft YaHei",
    "SimHei",
    "Arial Unicode MS",
)


def image_grid(
    path: str | Path | None,
    images: NDArray[np.uint8],
    captions: Sequence[str],
    title: str,
    *,
    group: int = 1,
) -> Figure:
    """Draw images in rows of at most ten.

    Args:
        path: The PNG to write, replaced if it exists; None writes none.
        images: uint8 (N, C, H, W) with 1 or 3 channels; small ones are enlarged without
            smoothing.
        captions: N texts, of up to three lines each; long lines are shortened in the middle.
        title: Stands above.
        group: How many images in a row belong together: a gap is left after them.

    Raises:
        UsageError: There are no images, or not one caption for each.
    """
    from matplotlib.figure import Figure

    count = len(images)
    if count == 0 or count != len(captions):
        raise UsageError(f"{count} images and {len(captions)} captions do not make a sheet.")
    columns = min(COLUMNS, count)
    rows = math.ceil(count / columns)
    texts = [_caption(caption) for caption in captions]
    text_height = LINE * max(text.count("\n") + 1 for text in texts)
    gaps = (columns - 1) // group * GAP if group > 1 else 0
    width = max(columns * CELL + gaps, TITLE_CHARACTER * cell_len(title))
    height = rows * (CELL + text_height) + HEADING
    figure = Figure(figsize=(width, height), dpi=RESOLUTION, facecolor="white")
    fonts = _installed_fonts()
    figure.text(
        0.08 / width,
        1 - 0.3 / height,
        title,
        fontfamily=fonts,
        fontsize=12,
        fontweight="bold",
        va="center",
        parse_math=False,
    )
    # One for all images: an axes of its own for each would take half of the time.
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    side = CELL - 2 * MARGIN
    for position, (image, text) in enumerate(zip(images, texts, strict=True)):
        row, column = divmod(position, columns)
        left = column * CELL + (column // group * GAP if group > 1 else 0)
        top = height - HEADING - row * (CELL + text_height)
        middle = left + CELL / 2
        pixels = image[0] if len(image) == 1 else image.transpose(1, 2, 0)
        high, wide = (side * n / max(pixels.shape[:2]) for n in pixels.shape[:2])
        centre = top - CELL / 2
        axes.imshow(
            pixels,
            cmap="gray",
            vmin=0,
            vmax=255,
            aspect="auto",
            extent=(middle - wide / 2, middle + wide / 2, centre - high / 2, centre + high / 2),
            interpolation="nearest" if max(pixels.shape[:2]) < side * RESOLUTION else "antialiased",
        )
        axes.text(
            middle,
            top - CELL + MARGIN - 0.03 * side,
            text,
            ha="center",
            va="top",
            fontfamily=fonts,
            fontsize=7,
            linespacing=1.1,
            parse_math=False,
        )
    axes.set(xlim=(0, width), ylim=(0, height))  # inches; each image had set its own
    if path is not None:
        with atomic_path(path) as temporary, warnings.catch_warnings():
            # A character that no installed font has is drawn as a box; that is all one can do.
            warnings.filterwarnings("ignore", message="Glyph .* missing from font")
            figure.savefig(temporary, format="png")
    return figure


def _caption(text: str) -> str:
    """At most `MAX_LINES` lines, each short enough for its cell."""
    return "\n".join(_shortened(line) for line in text.split("\n")[:MAX_LINES])


def _shortened(line: str) -> str:
    line = "".join(character if character.isprintable() else " " for character in line)
    if cell_len(line) <= CAPTION_LENGTH:
        return line
    head, tail = line[: len(line) // 2], line[len(line) // 2 :]
    while cell_len(head) + cell_len(tail) >= CAPTION_LENGTH:
        head, tail = (head[:-1], tail) if len(head) > len(tail) else (head, tail[1:])
    return f"{head}…{tail}"


def _installed_fonts() -> list[str]:
    from matplotlib import font_manager

    installed = set(font_manager.get_font_names())
    return [name for name in FONTS if name in installed]
