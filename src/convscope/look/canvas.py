"""The look that all figures share, the fonts they may use, and how they reach a file.

Figures are drawn on matplotlib's Agg canvas without pyplot, which keeps global state and asks
for a display.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import matplotlib
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from convscope.files import atomic_path
from convscope.look.image_grid import FONTS
from convscope.look.language import current_language, use_language
from convscope.look.palette import FAINT, GRID, INK, WHITE

DOTS_PER_INCH = 150
STYLE = {
    "font.size": 11.0,
    "text.color": INK,
    "figure.titlesize": 13.0,
    "figure.titleweight": "bold",
    "axes.labelcolor": INK,
    "axes.edgecolor": FAINT,
    "axes.titlesize": 12.0,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,  # else its lines cross the bars
    "grid.color": GRID,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
}


@contextmanager
def drawing(path: str | Path | None, width: float, height: float) -> Iterator[Figure]:
    """Give an empty figure in the common style; it is written to `path` when the block ends well.

    Args:
        path: The PNG to write; None leaves the figure in memory.
        width: In inches, at 150 dots per inch.
        height: In inches.
    """
    with matplotlib.rc_context({**STYLE, "font.family": [*font_families()]}):
        layout = ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.1)  # inches around each part
        figure = Figure(figsize=(width, height), layout=layout, facecolor=WHITE)
        FigureCanvasAgg(figure)
        with use_drawable_language():
            yield figure
        if path is not None:
            with atomic_path(path) as temporary:
                figure.savefig(temporary, dpi=DOTS_PER_INCH)


@functools.cache
def font_families() -> tuple[str, ...]:
    """Those of the usual fonts that are installed: matplotlib's own, then those for Chinese."""
    installed = set(font_manager.get_font_names())
    return tuple(name for name in FONTS if name in installed)


def drawable_names(classes: Sequence[str], longest: int = 24) -> list[str]:
    """Class names as they can be drawn here.

    A name with characters that no font has is given by its number, as "class 3": boxes would say
    nothing at all. Longer names are shortened in the middle.

    Args:
        classes: The names.
        longest: Most characters of a drawn name.
    """
    return [
        shorten(drawable(name, instead=f"class {number}"), longest)
        for number, name in enumerate(classes)
    ]


def drawable(text: str, instead: str) -> str:
    """`text`, or `instead` if some of its characters are in none of the fonts."""
    return text if {ord(character) for character in text} <= _drawable_characters() else instead


def shorten(text: str, longest: int) -> str:
    """`text`, with its middle left out if it has more than `longest` characters."""
    if len(text) <= longest:
        return text
    kept = longest - 1
    return f"{text[: kept - kept // 2]}…{text[len(text) - kept // 2 :]}"


def use_drawable_language() -> AbstractContextManager[None]:
    """A block in the current language, or in English where no font for Chinese is installed."""
    return use_language(current_language() if drawable("感受野", instead="") else "en")


def headline(figure: Figure, text: str) -> None:
    """Say what the figure shows, in one line at its top left."""
    figure.suptitle(text, x=_left(figure), ha="left", parse_math=False)


def footnote(figure: Figure, text: str) -> None:
    """Say how to read the figure, small at its bottom left."""
    figure.supxlabel(text, x=_left(figure), ha="left", fontsize=9, color=FAINT)


def _left(figure: Figure) -> float:
    return 0.12 / float(figure.get_figwidth())  # as far from the edge as everything else


@functools.cache
def _drawable_characters() -> frozenset[int]:
    characters: set[int] = set()
    for family in font_families():
        file = font_manager.findfont(font_manager.FontProperties(family=family))
        characters |= font_manager.get_font(file).get_charmap().keys()
    return frozenset(characters)
