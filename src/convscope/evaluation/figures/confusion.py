"""The confusion matrix as a figure: what was taken for what."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from convscope.look.canvas import drawable_names, drawing, footnote, headline
from convscope.look.numbers import percent
from convscope.look.palette import FAINT

if TYPE_CHECKING:
    from convscope.evaluation.evaluation import Evaluation

MOST_WITH_COUNTS = 30  # classes; with more, numbers in the cells would be too small to read
MOST_WITH_NAMES = 120
MOST_LISTED = 30  # frequent mistakes beside a matrix without numbers
LIST = 5.4  # inches, their width: two names of 16 letters, a number and a share
LINE = 0.27  # inches between them
LETTER = 0.092  # inches, width of a letter at the largest size of names


def confusion_figure(evaluation: Evaluation, path: str | Path | None = None) -> Figure:
    """Draw the confusion matrix: rows are true classes, columns what the network said.

    Up to 30 classes have their counts in the cells; of more, the most frequent mistakes are
    listed beside the matrix.

    Args:
        evaluation: What to draw.
        path: The PNG to write; None writes none.
    """
    present = list(evaluation.present)  # of a model's classes, the data may have a few
    counts = evaluation.confusion[np.ix_(present, present)]
    classes = len(counts)
    with_list = classes > MOST_WITH_COUNTS
    names = drawable_names(
        [evaluation.classes[each] for each in present], longest=16 if with_list else 24
    )
    side = _side(classes)
    longest = max(map(len, names)) * LETTER
    upright = longest > side / classes  # the names of columns: turned when they don't fit
    width = max(side + longest + 0.8, 6.0) + (LIST if with_list else 0.0)
    height = side + (longest if upright else 0.2) + 1.5
    low, high = evaluation.interval
    with drawing(path, width, height) as figure:
        headline(
            figure,
            f"{percent(evaluation.accuracy)} of {evaluation.image_count:,} {evaluation.split} "
            "images right",
        )
        footnote(
            figure,
            f"95 % interval of the accuracy: {100 * low:.1f} to {percent(high)}\n"
            "blue: right, red: wrong; the darker, the larger the share of the row",
        )
        if with_list:
            matrix, beside = figure.subplots(1, 2, width_ratios=[width - LIST, LIST])
            _list_mistakes(beside, counts, names, lines=min(MOST_LISTED, int(side / LINE) - 1))
        else:
            matrix = figure.subplots()
        _draw_cells(matrix, counts)
        matrix.set(xlabel="predicted", ylabel="true")
        if classes <= MOST_WITH_NAMES:
            size = min(11.0, 0.75 * 72 * side / classes)  # points: neighbours must not touch
            ticks = range(classes)
            matrix.set_xticks(
                ticks, names, rotation=90 if upright else 0, fontsize=size, parse_math=False
            )
            matrix.set_yticks(ticks, names, fontsize=size, parse_math=False)
    return figure


def _draw_cells(axes: Axes, counts: npt.NDArray[np.int64]) -> None:
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    # Mistakes are rare: their colours are spread so that 1 % of a row is seen and 50 % is darkest.
    strength = np.minimum(1.0, 2 * shares) ** 0.6
    colours = matplotlib.colormaps["Reds"](0.9 * strength)
    diagonal = np.arange(len(counts))
    strength[diagonal, diagonal] = shares[diagonal, diagonal]
    colours[diagonal, diagonal] = matplotlib.colormaps["Blues"](0.9 * shares[diagonal, diagonal])
    colours[counts == 0] = 1.0
    axes.imshow(colours, interpolation="nearest")
    if len(counts) <= MOST_WITH_COUNTS:
        cell = 72 * _side(len(counts)) / len(counts)  # points
        size = min(14.0, 0.32 * cell, cell / len(f"{counts.max()}"))
        for (row, column), count in np.ndenumerate(counts):
            if count:
                ink = "white" if strength[row, column] > 0.6 else "black"
                axes.text(
                    column, row, f"{count}", ha="center", va="center", color=ink, fontsize=size
                )
    axes.tick_params(length=0)
    axes.grid(visible=False)
    axes.spines[:].set_visible(True)


def _list_mistakes(axes: Axes, counts: npt.NDArray[np.int64], names: list[str], lines: int) -> None:
    wrong = counts.copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:lines]
    pairs = [divmod(int(place), len(names)) for place in order if wrong.flat[place]]
    axes.set_axis_off()
    axes.set_title("Most frequent mistakes" if pairs else "No mistakes")
    for line, (row, column) in enumerate(pairs):
        down = 1 - (line + 1) * LINE / _side(len(counts))
        share = wrong[row, column] / counts[row].sum()
        axes.text(0.08, down, f"{wrong[row, column]}", ha="right", fontweight="bold")
        axes.text(0.12, down, f"{names[row]} → {names[column]}", parse_math=False)
        axes.text(1.0, down, percent(share), ha="right", color=FAINT)


def _side(classes: int) -> float:
    """Height and width of the matrix, in inches."""
    if classes <= MOST_WITH_COUNTS:
        return float(np.clip(0.62 * classes, 4.0, 12.0))
    return float(np.clip(0.13 * classes, 7.0, 12.0))
