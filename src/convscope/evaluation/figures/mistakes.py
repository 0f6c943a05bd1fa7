"""The worst mistakes as a sheet of images.

Under each stands what it was taken for, what it is, and its file, because many a mistake turns
out to be a wrong label.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from convscope.look.canvas import drawing, headline
from convscope.look.image_grid import image_grid
from convscope.look.numbers import percent

if TYPE_CHECKING:
    from convscope.evaluation.evaluation import Evaluation

MOST = 40  # images: four rows


def mistakes_figure(evaluation: Evaluation, path: str | Path | None = None) -> Figure:
    """Draw the images that the network was most confident about and wrong.

    Args:
        evaluation: Its mistakes are drawn, the most confident first, at most forty.
        path: The PNG to write; None writes none.
    """
    where = f"among {evaluation.image_count:,} {evaluation.split} images"
    shown = evaluation.mistakes[:MOST]
    if not shown:
        with drawing(path, 6.0, 0.7) as figure:
            headline(figure, f"No mistakes {where}")
        return figure
    every = len(shown) == len(evaluation.mistakes)
    title = (
        "Mistakes"
        if every
        else f"The {len(shown)} most confident of {len(evaluation.mistakes):,} mistakes"
    )
    captions = [
        f"{percent(mistake.probability, 0)} {mistake.predicted}\n"
        f"is {mistake.label}\n"
        f"{mistake.path.rsplit('/', 1)[-1]}"
        for mistake in shown
    ]
    images = np.stack([evaluation.images.images[mistake.index] for mistake in shown])
    return image_grid(path, images, captions, f"{title} {where}")
