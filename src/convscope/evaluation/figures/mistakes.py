"""The worst mistakes as a sheet of pictures.

Under each stands what it was taken for, what it is, and its file, because many a mistake turns
out to be a wrong label.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from convscope.data.picture_grid import picture_grid
from convscope.evaluation.figures.canvas import drawing, headline
from convscope.evaluation.judgement import Evaluation

MOST = 40  # pictures: four rows


def mistakes_figure(evaluation: Evaluation, path: str | Path) -> None:
    """Draw the pictures that the network was surest about and wrong.

    Args:
        evaluation: Its mistakes are drawn, the surest first, at most forty.
        path: The PNG to write.
    """
    where = f"among {evaluation.pictures:,} {evaluation.split} pictures"
    shown = evaluation.mistakes[:MOST]
    if not shown:
        with drawing(path, 6.0, 0.7) as figure:
            headline(figure, f"No mistakes {where}")
        return
    every = len(shown) == len(evaluation.mistakes)
    title = (
        "Mistakes" if every else f"The {len(shown)} surest of {len(evaluation.mistakes):,} mistakes"
    )
    captions = [
        f"{mistake.probability:.0%} {mistake.predicted}\n"
        f"is {mistake.label}\n"
        f"{mistake.path.rsplit('/', 1)[-1]}"
        for mistake in shown
    ]
    pictures = np.stack([evaluation.images.images[mistake.index] for mistake in shown])
    picture_grid(path, pictures, captions, f"{title} {where}")
