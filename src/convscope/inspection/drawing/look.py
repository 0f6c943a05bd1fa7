"""Colours, sizes of letters, and how much room text takes."""

from __future__ import annotations

import functools
from typing import NamedTuple

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath

from convscope.look.canvas import font_families

SIZE = 8.0  # of letters, in points; nothing is smaller
LINE = 9.6  # from one line of text to the next
INK, FAINT = "#1f2933", "#7b8794"
WIRE_COLOUR = "#52606d"
ACCENT = "#b4530a"
FRAME, FRAME_EDGE = "#f5f7fa", "#cbd2d9"


class Colours(NamedTuple):
    """The colours of one kind of step.

    Attributes:
        face: Colour of the front of its blocks.
        top: Colour of the blocks' upper side.
        side: Colour of the blocks' right side.
        edge: Colour of the blocks' edges, and of the step's name.
    """

    face: str
    top: str
    side: str
    edge: str


_OTHER = Colours("#d9dee4", "#e9ecf0", "#bcc4cd", "#52606d")
COLOURS = {
    "input": Colours("#fbe9a9", "#fdf4d3", "#ecd27a", "#8a6a00"),
    "convolution": Colours("#a9cdf2", "#d0e4f8", "#7fb0e2", "#0b5394"),
    "pooling": Colours("#f5b5a5", "#fad7cf", "#e68d78", "#a8321a"),
    "dense": Colours("#b5deb0", "#d8eed5", "#8cc585", "#2a6b22"),
    "softmax": Colours("#d5bdec", "#e9dcf5", "#b795d8", "#5f2d91"),
    "concatenation": Colours("#a5dcd6", "#d0edea", "#75c2ba", "#0a665d"),
    "sum": Colours("#ffffff", "#ffffff", "#ffffff", ACCENT),
    "product": Colours("#ffffff", "#ffffff", "#ffffff", ACCENT),
    "other": _OTHER,
}


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
