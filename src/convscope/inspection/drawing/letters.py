"""Sizes of letters, and how much room text takes."""

from __future__ import annotations

import functools
import re

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath

from convscope.look.canvas import font_families

SIZE = 8.0  # of letters, in points; nothing is smaller
LINE = 9.6  # from one line of text to the next
# Beside a Chinese character or mark, but no mark begins a line and no bracket ends one.
_BREAKS = re.compile(
    "(?<=.)(?=.)(?:(?<=[一-龥，。；：、）])|(?=[一-龥（]))(?<![（“])(?![，。；：、）”])"
)


@functools.cache
def text_width(text: str, size: float = SIZE, *, bold: bool = False) -> float:
    """Width of a line of text in points."""
    font = FontProperties(family=[*font_families()], size=size, weight="bold" if bold else "normal")
    width, _, _ = TextToPath().get_text_width_height_descent(text, font, ismath=False)
    return float(width)


def wrap(text: str, widest: float, *, bold: bool = False) -> list[str]:
    """A text in lines that are no wider than `widest`, if its words let it.

    Args:
        text: Words. What a no-break space joins stays together; between Chinese characters a line
            may end anywhere.
        widest: In points.
        bold: Whether the letters are.
    """
    lines: list[str] = []
    for word in text.split(" "):
        gap = " "
        for piece in [word] if "\u00a0" in word else _BREAKS.split(word):
            longer = f"{lines[-1]}{gap}{piece}" if lines else piece
            if lines and text_width(longer, bold=bold) <= widest:
                lines[-1] = longer
            else:
                lines.append(piece)
            gap = ""
    return [line.replace("\u00a0", " ") for line in lines]
