"""Sizes of letters, and how much room text takes."""

from __future__ import annotations

import functools

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath

from convscope.look.canvas import font_families

SIZE = 8.0  # of letters, in points; nothing is smaller
LINE = 9.6  # from one line of text to the next


@functools.cache
def text_width(text: str, size: float = SIZE, *, bold: bool = False) -> float:
    """Width of a line of text in points."""
    font = FontProperties(family=[*font_families()], size=size, weight="bold" if bold else "normal")
    width, _, _ = TextToPath().get_text_width_height_descent(text, font, ismath=False)
    return float(width)


def wrap(text: str, widest: float, *, bold: bool = False) -> list[str]:
    """A text in lines that are no wider than `widest`, if its words let it.

    Args:
        text: Words. What a no-break space joins stays together.
        widest: In points.
        bold: Whether the letters are.
    """
    lines: list[str] = []
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, bold=bold) <= widest:
            lines[-1] = longer
        else:
            lines.append(word)
    return [line.replace("\u00a0", " ") for line in lines]
