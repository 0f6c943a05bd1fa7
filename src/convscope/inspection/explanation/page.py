"""An explanation as one HTML page that holds all of its figures and opens anywhere."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from convscope.look import palette
from convscope.look.html import escape
from convscope.look.numbers import percent

STYLE = """\
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 64rem; padding: 1.5rem 1rem 4rem; background: var(--page);
  color: var(--ink); font: 1rem/1.55 system-ui, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .3rem; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2.2rem 0 .6rem; }
p { margin: .4rem 0; }
.faint { color: var(--faint); }
figure { margin: 0 0 1rem; padding: 1rem; background: var(--card); border: 1px solid var(--line);
  border-radius: .5rem; }
figure img { display: block; max-width: 100%; height: auto; background: #fff;
  border-radius: .25rem; }
figcaption { margin-top: .6rem; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; max-width: 32rem; }
td { padding: .15rem .6rem .15rem 0; overflow-wrap: anywhere; }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.bar { width: 45%; }
td.bar div { height: .8rem; min-width: 1px; background: var(--blue); border-radius: .15rem; }
"""


@dataclass(frozen=True)
class PageFigure:
    """A figure on the page.

    Attributes:
        title: What it shows, for those who can't see it.
        file: The PNG.
        caption: How to read it.
        of_pixels: Whether it shows which pixels count, or else what the network makes of them.
    """

    title: str
    file: Path
    caption: str
    of_pixels: bool


def explanation_page(
    image_name: str,
    label: str,
    prediction: str,
    guesses: Sequence[tuple[str, float]],
    notes: Sequence[str],
    figures: Sequence[PageFigure],
) -> str:
    """The page, with the figures inside.

    Args:
        image_name: Name of the image.
        label: The class that is explained.
        prediction: What the network takes the image for, in one sentence.
        guesses: The most probable classes with their probabilities.
        notes: What a reader must know besides.
        figures: In the order of the page.
    """
    network = [figure for figure in figures if not figure.of_pixels]
    parts = [
        f"<h1>{escape(image_name)}: what counts for {escape(repr(label))}</h1>",
        f"<p>{escape(prediction)}</p>",
        _guesses(guesses),
        *(f'<p class="faint">{escape(note)}</p>' for note in notes),
        "<h2>Which pixels count</h2>",
        '<p class="faint">Scores are logits, before the softmax. These methods answer different '
        "questions and may disagree; none of them proves why a network decides.</p>",
        *(_figure(figure) for figure in figures if figure.of_pixels),
        *(["<h2>What the network makes of the image</h2>"] if network else []),
        *(_figure(figure) for figure in network),
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(image_name)}: {escape(label)}</title>\n"
        f"<style>{palette.PAGE}{STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(parts)
        + "\n</body>\n</html>\n"
    )


def _guesses(guesses: Sequence[tuple[str, float]]) -> str:
    rows = "\n".join(
        f'<tr><td>{escape(label)}</td><td class="number">{percent(share)}</td>'
        f'<td class="bar"><div style="width: {100 * share:.1f}%"></div></td></tr>'
        for label, share in guesses
    )
    return f"<table>\n{rows}\n</table>"


def _figure(part: PageFigure) -> str:
    content = base64.b64encode(part.file.read_bytes()).decode("ascii")
    return (
        f'<figure><img alt="{escape(part.title)}" src="data:image/png;base64,{content}">'
        f"<figcaption>{escape(part.caption)}</figcaption></figure>"
    )
