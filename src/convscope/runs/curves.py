"""How training went: loss and accuracy against the epoch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from convscope.look.canvas import drawable, drawing, headline, shorten
from convscope.look.numbers import percent
from convscope.look.palette import INK, TEST, TRAINING, VALIDATION

if TYPE_CHECKING:
    from convscope.runs.run import Run

# Part of the data: its name, colour, line and marker. The lines can be told apart without colours.
LOOKS = {
    "train": ("training", TRAINING, "--", "o"),
    "validation": ("validation", VALIDATION, "-", "s"),
    "test": ("test", TEST, "-", "^"),
}
MOST_WITH_MARKERS = 40  # epochs; more markers would run into a thick line
LOGARITHMIC = 20.0  # a loss whose largest value is this many times its least gets such an axis

Line = dict[str, Any]


def curves_figure(run: Run, path: str | Path | None = None) -> Figure:
    """Draw loss and accuracy of the epochs so far, and mark the epoch whose weights are kept.

    Args:
        run: May still be going on; before its first epoch has ended the figure says so.
        path: The PNG to write; None writes none.
    """
    lines = run.metrics("epoch")
    with drawing(path, 11.0, 4.6) as figure:
        headline(figure, _result(run, lines))
        loss, accuracy = figure.subplots(1, 2)
        loss.set_title("Loss (mean cross-entropy)")
        accuracy.set_title("Accuracy")
        accuracy.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
        for axes, quantity in ((loss, "loss"), (accuracy, "accuracy")):
            _draw(axes, lines, quantity)
        if lines:
            figure.legend(*accuracy.get_legend_handles_labels(), loc="outside lower left", ncols=4)
    return figure


def kept_epoch(lines: Sequence[Line]) -> Line:
    """The epoch whose weights a run keeps: the best by validation accuracy, else the last.

    Among epochs of the same accuracy, the one with the least loss.

    Args:
        lines: At least one epoch of a run's metrics.
    """
    evaluated = [line for line in lines if line.get("validation_accuracy") is not None]
    return max(evaluated, key=_merit, default=lines[-1])


def _merit(line: Line) -> tuple[float, float]:
    loss = line.get("validation_loss")
    return float(line["validation_accuracy"]), -math.inf if loss is None else -float(loss)


def _result(run: Run, lines: Sequence[Line]) -> str:
    data = shorten(drawable(Path(run.recipe.data).name, instead="") or "images", 24)
    what = f"{run.recipe.network or 'network'} on {data}"
    if not lines:
        return f"{what}: no epoch has ended yet"
    kept = kept_epoch(lines)
    for part in ("validation", "test", "train"):
        if kept.get(f"{part}_accuracy") is not None:
            share = percent(kept[f"{part}_accuracy"])
            return f"{what}: {share} of {LOOKS[part][0]} images right after epoch {kept['epoch']}"
    return f"{what}: {len(lines)} epochs"


def _draw(axes: Axes, lines: Sequence[Line], quantity: str) -> None:
    epochs = [line["epoch"] for line in lines]
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    drawn: list[float] = []
    for part, (name, color, style, marker) in LOOKS.items():
        values = np.array([line.get(f"{part}_{quantity}") for line in lines], dtype=np.float64)
        finite = values[np.isfinite(values)]
        if len(finite):
            marker = marker if len(lines) <= MOST_WITH_MARKERS else ""
            axes.plot(
                epochs, values, label=name, color=color, linestyle=style, linewidth=1.8,
                marker=marker, markersize=5,
            )  # fmt: skip
            drawn += finite.tolist()
    if not drawn:
        return
    if quantity == "loss" and min(drawn) > 0 and max(drawn) > LOGARITHMIC * min(drawn):
        axes.set_yscale("log")
    if len(lines) == 1:  # an axis of its own accord would show a ten-thousandth as a canyon
        axes.set_xticks(epochs)
        axes.set_ylim(0, 1 if quantity == "accuracy" else 1.2 * max(drawn))
    _mark(axes, lines, quantity)


def _mark(axes: Axes, lines: Sequence[Line], quantity: str) -> None:
    """A line at the kept epoch, and a ring around the point it was chosen by."""
    kept = kept_epoch(lines)
    by_validation = kept.get("validation_accuracy") is not None
    name = "kept: best epoch by validation" if by_validation else "kept: last epoch"
    axes.axvline(kept["epoch"], color=INK, linewidth=0.8, linestyle=":", zorder=0)
    for part in ("validation", "test", "train"):
        value = kept.get(f"{part}_{quantity}")
        if value is not None and np.isfinite(value):
            axes.plot(
                kept["epoch"], value, label=name, color=INK, linestyle="",
                marker="o", markersize=13, markerfacecolor="none",
            )  # fmt: skip
            return
