"""An explanation as files: a figure for each part, and one HTML page that holds them all."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from convscope.files import write_text
from convscope.inspection.explanation import Explanation
from convscope.inspection.figures.attribution import TITLES, attribution_figure
from convscope.inspection.figures.feature_maps import feature_maps_figure, first_kernels_figure
from convscope.look.numbers import percent
from convscope.look.palette import PAGE

ABOUT = {
    "saliency": "The gradient of the score in every pixel (Simonyan and others, 2013).",
    "integrated-gradients": "The gradient, added up on the way from a black image to this one "
    "(Sundararajan and others, 2017).",
    "occlusion": "The image with a window covered, again and again (Zeiler and Fergus, 2013).",
    "grad-cam": "The last feature maps, weighted by their gradients (Selvaraju and others, 2016).",
}
STYLE = (
    "\n"
    + PAGE
    + """\
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
)


def write_explanation(explanation: Explanation, folder: Path) -> Explanation:
    """Write the figures and the page into a folder that exists.

    Returns:
        The explanation with its files.
    """
    files: dict[str, Path] = {}
    captions: dict[str, str] = {}
    for each in explanation.attributions:
        files[each.method] = folder / f"{each.method}.png"
        captions[each.method] = f"{ABOUT[each.method]} {each.note}"
        attribution_figure(files[each.method], explanation.image, each, explanation.label)
    for layer in explanation.maps:
        what = f"maps of {layer.layer}"
        files[what] = folder / f"maps-{re.sub('[^A-Za-z0-9._-]', '-', layer.layer)}.png"
        captions[what] = f"Feature maps of layer {layer.layer} ({layer.kind}) on this image."
        feature_maps_figure(files[what], layer)
    if explanation.kernels is not None:
        files["first kernels"] = folder / "kernels.png"
        captions["first kernels"] = (
            f"The kernels of {explanation.kernels.layer}, which the image meets first."
        )
        first_kernels_figure(files["first kernels"], explanation.kernels)
    write_text(folder / "explanation.html", _page(explanation, files, captions))
    return replace(explanation, files={**files, "page": folder / "explanation.html"})


def _page(explanation: Explanation, files: dict[str, Path], captions: dict[str, str]) -> str:
    methods = [each.method for each in explanation.attributions]
    network = [what for what in files if what not in methods]
    label, share = explanation.label, percent(explanation.probability)
    best = explanation.guesses[0][0]
    answer = (
        f"The network takes it for {label!r} ({share})."
        if label == best
        else f"The network takes it for {best!r}; explained here is {label!r} ({share})."
    )
    parts = [
        f"<h1>{_text(explanation.image_name)}: what counts for {_text(repr(label))}</h1>",
        f"<p>{_text(answer)}</p>",
        _guesses(explanation.guesses),
        *(f'<p class="faint">{_text(note)}</p>' for note in explanation.notes),
        "<h2>Which pixels count</h2>",
        '<p class="faint">Scores are logits, before the softmax. These methods answer different '
        "questions and may disagree; none of them proves why a network decides.</p>",
        *(_figure(TITLES[m], files[m], captions[m]) for m in methods),
        *(["<h2>What the network makes of the image</h2>"] if network else []),
        *(_figure(what, files[what], captions[what]) for what in network),
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_text(explanation.image_name)}: {_text(label)}</title>\n"
        f"<style>{STYLE}</style>\n</head>\n<body>\n" + "\n".join(parts) + "\n</body>\n</html>\n"
    )


def _guesses(guesses: Sequence[tuple[str, float]]) -> str:
    rows = "\n".join(
        f'<tr><td>{_text(label)}</td><td class="number">{percent(share)}</td>'
        f'<td class="bar"><div style="width: {100 * share:.1f}%"></div></td></tr>'
        for label, share in guesses
    )
    return f"<table>\n{rows}\n</table>"


def _figure(title: str, file: Path, caption: str) -> str:
    content = base64.b64encode(file.read_bytes()).decode("ascii")
    return (
        f'<figure><img alt="{_text(title)}" src="data:image/png;base64,{content}">'
        f"<figcaption>{_text(caption)}</figcaption></figure>"
    )


def _text(text: str) -> str:
    return html.escape(text, quote=True)
