"""The look that all figures share, the fonts they may use, and how they reach a file.

Figures are drawn on matplotlib's Agg canvas without pyplot, which keeps global state and asks
for a display.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import matplotlib
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from convscope.files import atomic_path

DOTS_PER_INCH = 150
INK, FAINT = "#1f2933", "#7b8794"
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
    "grid.color": "#e4e7eb",
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
}

# matplotlib's own font has no Chinese characters; of these, what is installed comes after it.
CHINESE_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Noto Sans CJK JP",
    "Droid Sans Fallback",
    "PingFang SC",
    "Hiragino Sans GB",
    "Heiti SC",
    "Microsoft YaHei",
    "SimHei",
    "SimSun",
    "Arial Unicode MS",
)


@contextmanager
def drawing(path: str | Path, width: float, height: float) -> Iterator[Figure]:
    """Give an empty figure in the common style; it is written to `path` if the block ends well.

    Args:
        path: The PNG to write.
        width: In inches, at 150 dots per inch.
        height: In inches.
    """
    with matplotlib.rc_context({**STYLE, "font.family": [*font_families()]}):
        figure = Figure(figsize=(width, height), layout="constrained", facecolor="white")
        figure.get_layout_engine().set(w_pad=0.1, h_pad=0.1)  # inches around each part
        FigureCanvasAgg(figure)
        yield figure
        with atomic_path(path) as temporary:
            figure.savefig(temporary, dpi=DOTS_PER_INCH)


@functools.cache
def font_families() -> tuple[str, ...]:
    """Names of the fonts to draw with: matplotlib's own, then those for Chinese found here."""
    installed = {font.name for font in font_manager.fontManager.ttflist}
    return ("DejaVu Sans", *(name for name in CHINESE_FONTS if name in installed))


def drawable_names(classes: Sequence[str], longest: int = 24) -> list[str]:
    """Class names as they can be drawn here.

    A name with characters that no font has is given by its number, as "class 3": boxes would say
    nothing at all. Longer names are shortened in the middle. Dollar signs are escaped, which
    matplotlib takes for mathematics otherwise.

    Args:
        classes: The names.
        longest: Most characters of a drawn name.
    """
    drawable = _drawable_characters()
    names = []
    for number, name in enumerate(classes):
        if not {ord(character) for character in name} <= drawable:
            name = f"class {number}"
        names.append(shortened(name, longest).replace("$", r"\$"))
    return names


def shortened(text: str, longest: int) -> str:
    """`text`, with its middle left out if it has more than `longest` characters."""
    if len(text) <= longest:
        return text
    kept = longest - 1
    return f"{text[: kept - kept // 2]}…{text[len(text) - kept // 2 :]}"


def headline(figure: Figure, text: str) -> None:
    """Say what the figure shows, in one line at its top left."""
    figure.suptitle(text, x=_left(figure), ha="left")


def footnote(figure: Figure, text: str) -> None:
    """Say how to read the figure, small at its bottom left."""
    figure.supxlabel(text, x=_left(figure), ha="left", fontsize=9, color=FAINT)


def _left(figure: Figure) -> float:
    return 0.12 / float(figure.get_figwidth())  # as far from the edge as everything else


def percent(share: float) -> str:
    """`share` as text, with one decimal: 0.9234 is "92.3 %"."""
    return f"{100 * share:.1f} %"


@functools.cache
def _drawable_characters() -> frozenset[int]:
    characters: set[int] = set()
    for family in font_families():
        file = font_manager.findfont(font_manager.FontProperties(family=family))
        characters |= font_manager.get_font(file).get_charmap().keys()
    return frozenset(characters)
