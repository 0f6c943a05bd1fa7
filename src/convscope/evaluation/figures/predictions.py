"""Predictions as a sheet of images, each with what the network takes it for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from convscope.data.image_set import spread_evenly
from convscope.look.image_grid import image_grid
from convscope.look.numbers import counted, percent

if TYPE_CHECKING:
    from convscope.evaluation.prediction import Predictions

MOST = 40  # images: four rows


def predictions_figure(predictions: Predictions, path: str | Path | None = None) -> Figure:
    """Draw images as the network got to see them, with the most probable class of each.

    Args:
        predictions: At most forty of them are drawn, evenly spread; their files are read again.
        path: The PNG to write; None writes none.

    Raises:
        ImageError: A file is no longer the image it was.
    """
    card = predictions.model.card
    places = spread_evenly(len(predictions.predictions), MOST)
    shown = [predictions.predictions[place] for place in places]
    images = [card.decode(each.path) for each in shown]
    captions = [
        f"{'unknown, like ' if each.unknown else ''}{each.top[0].label}\n"
        f"{percent(each.top[0].probability, 0)}\n"
        f"{Path(each.path).name}"
        for each in shown
    ]
    total = len(predictions.predictions)
    some = f"{len(shown)} of " * (len(shown) < total) + counted(total, "image")
    return image_grid(path, np.stack(images), captions, f"Predictions for {some}")
