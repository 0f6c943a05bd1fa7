"""One palette: the same thing has the same colour in every figure, drawing and page.

The series are those of Okabe and Ito, "Color universal design", 2008, which can be told apart with
any kind of colour blindness; where a figure has more than a few of them, markers help.
"""

from __future__ import annotations

from typing import NamedTuple

INK = "#1f2933"  # text, and what a figure is about
DIM = "#52606d"  # what joins and explains
FAINT = "#7b8794"  # axes, notes, and what is there for comparison
GRID = "#e4e7eb"
FRAME, FRAME_EDGE = "#f5f7fa", "#cbd2d9"  # around parts that belong together
WHITE = "#ffffff"
ACCENT = "#b4530a"  # what leaves the straight way through a network: shortcuts, sums, repeats

BLUE, VERMILION, GREEN, PINK = "#0072b2", "#d55e00", "#009e73", "#cc79a7"
ORANGE, SKY = "#e69f00", "#56b4e9"
INDIGO = "#332288"  # of Tol's colours, for one thing more beside these
SERIES = (BLUE, VERMILION, GREEN, PINK, ORANGE, SKY, INK)
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
PALE_BLUE, PALE_GREEN = "#bcd0e5", "#dcefe0"  # areas behind lines and bars
TRAINING, VALIDATION, TEST = FAINT, BLUE, VERMILION  # parts of the data

DIVERGING = "RdBu_r"  # matplotlib's name: 0 is white, above it red, below it blue
SEQUENTIAL = "inferno"  # from black over red to light yellow; its brightness grows evenly
ABOVE, BELOW = "#c8524b", "#4a7fb5"  # numbers above and below 0 where a single colour stands
OUTLINE = "#c6ff00"  # around a place of an image or map: no photograph or map has it


class KindColours(NamedTuple):
    """The colours of one kind of layer in a drawing of a network.

    Attributes:
        face: The front of its blocks.
        top: Their upper side.
        side: Their right side.
        edge: Their edges, and the layer's name.
    """

    face: str
    top: str
    side: str
    edge: str


KINDS = {
    "input": KindColours("#fbe9a9", "#fdf4d3", "#ecd27a", "#8a6a00"),
    "convolution": KindColours("#a9cdf2", "#d0e4f8", "#7fb0e2", "#0b5394"),
    "pooling": KindColours("#f5b5a5", "#fad7cf", "#e68d78", "#a8321a"),
    "dense": KindColours("#b5deb0", "#d8eed5", "#8cc585", "#2a6b22"),
    "softmax": KindColours("#d5bdec", "#e9dcf5", "#b795d8", "#5f2d91"),
    "concatenation": KindColours("#a5dcd6", "#d0edea", "#75c2ba", "#0a665d"),
    "sum": KindColours(WHITE, WHITE, WHITE, ACCENT),
    "product": KindColours(WHITE, WHITE, WHITE, ACCENT),
    "other": KindColours("#d9dee4", "#e9ecf0", "#bcc4cd", DIM),
}
"""The kinds of layer, by the names that drawings give them."""

PAGE_LIGHT = """\
--ink: #1f2933; --faint: #52606d; --page: #f5f7fa;
  --card: #ffffff; --line: #d9e2ec; --blue: #2563eb; --orange: #c2410c; --grey: #7b8794;
  --header: #eef2f6; --good: #166534; --bad: #9f1239;"""
PAGE_DARK = """\
--ink: #e4e7eb; --faint: #9aa5b1; --page: #14181d;
  --card: #1f262d; --line: #323f4b; --blue: #6ea8fe; --orange: #fb923c; --grey: #8a97a6;
  --header: #29323b; --good: #86efac; --bad: #fda4af;"""
"""The colours of HTML pages as CSS variables."""

PAGE = f"""\
:root {{ color-scheme: light dark; {PAGE_LIGHT} }}
@media (prefers-color-scheme: dark) {{ :root {{ {PAGE_DARK} }} }}
"""
"""These colours, light and dark as the reader's system has it."""

MAP_LIGHT = "--below: #2166ac; --zero: #ffffff; --above: #c2410c;"
MAP_DARK = "--below: #6ea8fe; --zero: #1f262d; --above: #fb923c;"
"""The ends and the middle of maps with signs on pages: blue below 0, orange above."""

THEMED_PAGE = f"""\
:root {{ color-scheme: light; {PAGE_LIGHT} {MAP_LIGHT} }}
:root[data-theme="dark"] {{ color-scheme: dark; {PAGE_DARK} {MAP_DARK} }}
@media (prefers-color-scheme: dark) {{ :root:not([data-theme="light"]) {{
  color-scheme: dark; {PAGE_DARK} {MAP_DARK} }} }}
"""
"""The same for a page that lets its reader choose: light, dark, or as the system has it."""
