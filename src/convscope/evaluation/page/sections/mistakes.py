"""Every wrong image by file name, and the worst as images."""

from __future__ import annotations

import base64
import io
import json
import os.path
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL import Image

from convscope.evaluation.page.tables import TableCell, table
from convscope.evaluation.page.words import percent
from convscope.look.html import escape

if TYPE_CHECKING:
    from convscope.evaluation.evaluation import Evaluation, Mistake

MOST_IMAGES = 48
MOST_WITHOUT_SCRIPT = 50  # rows that stand in the page itself
LARGEST = 96  # pixels, longer side of an image on the page
LOSSLESS = 64  # pixels; larger ones are saved as JPEG
SMALL = 64  # pixels; smaller ones are enlarged without smoothing
QUALITY = 88


def mistakes(evaluation: Evaluation) -> str:
    """The most confident mistakes as images, and a table of all."""
    found = evaluation.mistakes
    if not found:
        return "<p>There are none.</p>"
    shown = found[:MOST_IMAGES]
    items = "\n".join(_item(evaluation, mistake) for mistake in shown)
    which = "All of them" if len(shown) == len(found) else f"The {len(shown)} most confident"
    return (
        f"<p>{which}, the most confident first. Look at the images before blaming the network: "
        "some may carry a wrong label.</p>\n"
        f'<ul class="gallery">\n{items}\n</ul>\n'
        f"<h3>All {len(found):,} by file name</h3>\n{_controls()}\n{_table(evaluation)}"
    )


def thumbnail(pixels: npt.NDArray[np.uint8]) -> str:
    """An image (C, H, W) as a data URI: PNG where it is small, else JPEG of at most 96 pixels."""
    if len(pixels) == 3:
        image = Image.fromarray(pixels.transpose(1, 2, 0))
    else:
        image = Image.fromarray(pixels[0])  # of other channels than colours, the first
    image.thumbnail((LARGEST, LARGEST))
    file = io.BytesIO()
    if max(image.size) <= LOSSLESS:
        kind = "png"
        image.save(file, "PNG", optimize=True)
    else:
        kind = "jpeg"
        image.save(file, "JPEG", quality=QUALITY)
    return f"data:image/{kind};base64,{base64.b64encode(file.getvalue()).decode('ascii')}"


def common_folder(paths: Sequence[str]) -> str:
    """The folders in which all files lie, with the slash at their end; empty if there are none."""
    shared = os.path.commonprefix(paths)  # noqa: RUF071 (cut at a slash in the next line)
    return shared[: shared.rfind("/") + 1]


def _item(evaluation: Evaluation, mistake: Mistake) -> str:
    pixels = np.asarray(evaluation.images.images[mistake.index])
    style = ' class="small"' if max(pixels.shape[1:]) < SMALL else ""
    said = f"{mistake.label}, taken for {mistake.predicted}: {mistake.path}"
    return (
        f'<li><img{style} alt="{escape(said)}" src="{thumbnail(pixels)}">'
        f"<b>{escape(mistake.predicted)} {percent(mistake.probability, 0)}</b>"
        f"<span>is {escape(mistake.label)}</span>"
        f'<span class="faint" title="{escape(mistake.path)}">'
        f"{escape(mistake.path.rsplit('/', 1)[-1])}</span></li>"
    )


def _controls() -> str:
    return (
        '<div class="controls" id="mistake-controls" hidden>\n'
        '<label>path contains <input type="search" name="path"></label>\n'
        '<label>true class <select name="label"><option value="">all</option></select></label>\n'
        '<label>taken for <select name="predicted"><option value="">all</option></select></label>\n'
        '<button type="button" id="mistake-reset">Show all</button>\n'
        '<button type="button" id="previous">Previous</button>\n'
        '<button type="button" id="next">Next</button>\n'
        '<span id="mistake-count" class="faint" role="status"></span>\n</div>'
    )


def _table(evaluation: Evaluation) -> str:
    """The first rows as HTML, and all of them as data from which the script shows a page each."""
    found = evaluation.mistakes
    folder = common_folder([mistake.path for mistake in found])
    rows: list[list[str | TableCell]] = [
        [
            mistake.path[len(folder) :],
            mistake.label,
            mistake.predicted,
            TableCell(percent(mistake.probability), mistake.probability, mistake.probability),
        ]
        for mistake in found[:MOST_WITHOUT_SCRIPT]
    ]
    headings = ["path", "true class", "taken for", "probability"]
    content = table(headings, rows, caption="Every wrong image", name="mistake-table")
    if len(found) > MOST_WITHOUT_SCRIPT:
        content += (
            f"\n<noscript><p>These are the {MOST_WITHOUT_SCRIPT} most confident. Without scripts "
            "the page can't show the others; mistakes.csv beside it lists all.</p></noscript>"
        )
    numbers = {name: number for number, name in enumerate(evaluation.classes)}
    data = {
        "classes": evaluation.classes,
        "mistakes": [
            [
                each.path[len(folder) :],
                numbers[each.label],
                numbers[each.predicted],
                round(each.probability, 6),
            ]
            for each in found
        ],
    }
    # "</script>" in a file's name must not end the data.
    text = json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
    where = f"<p>Paths are those in <code>{escape(folder)}</code></p>\n" if folder else ""
    return f'{where}{content}\n<script type="application/json" id="mistake-data">{text}</script>'
