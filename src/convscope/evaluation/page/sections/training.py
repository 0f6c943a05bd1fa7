"""How training went: loss, accuracy and learning rate, epoch by epoch."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from convscope.evaluation.page.charts import Series, line_chart
from convscope.evaluation.page.scales import Axis, linear, logarithmic, shares
from convscope.evaluation.page.words import number, percent
from convscope.look.language import Words
from convscope.runs.curves import LOGARITHMIC, kept_epoch
from convscope.runs.metric_curves import QUANTITIES, describe_curve
from convscope.runs.run import Run

EPOCH = Words("epoch", "轮")
# Part of the data: its name and its look.
PARTS = {"validation": ("validation", 1), "test": ("test", 1), "train": ("training", 2)}


def training(run: Run) -> str:
    """The curves; nothing where the run has no metrics."""
    lines = run.metrics("epoch")
    if not lines:
        return ""
    kept = kept_epoch(lines)
    by = "the best by validation accuracy" if "validation_accuracy" in kept else "the last"
    charts = [
        _chart(lines, "loss", "Loss", "Mean cross-entropy; less is better.", kept["epoch"]),
        _chart(lines, "accuracy", "Accuracy", "Share of images right.", kept["epoch"]),
        _learning_rate(run),
    ]
    return (
        f"<p>The weights kept are those after epoch {kept['epoch']} of {len(lines)}, {by}. "
        "Training images are met while the network still changes, with the augmentation, "
        "dropout and label smoothing of the recipe: so they can look harder than the others.</p>\n"
        f'<div class="charts">\n{"".join(charts)}</div>'
    )


def _chart(lines: Sequence[dict[str, Any]], what: str, title: str, about: str, kept: int) -> str:
    series = []
    for part, (name, look) in PARTS.items():
        values = [(line["epoch"], line.get(f"{part}_{what}")) for line in lines]
        points = [(float(x), float(y)) for x, y in values if y is not None and math.isfinite(y)]
        if points:
            series.append(Series(name, points, look))
    if not series:
        return ""
    drawn = [y for each in series for _, y in each.points]
    y = shares("accuracy", drawn) if what == "accuracy" else _loss_axis(drawn)
    numbers: Callable[[float], str] = percent if what == "accuracy" else number
    better = "more" if what == "accuracy" else "less"
    for each in series:
        words = describe_curve(
            QUANTITIES[f"{'train' if each.name == 'training' else each.name}_{what}"],
            [round(x) for x, _ in each.points], [y for _, y in each.points],
            better=better, unit=EPOCH, write=numbers,
        )  # fmt: skip
        about = f"{about} {words.en}"
    epochs = [x for each in series for x, _ in each.points]
    return line_chart(
        title, about, series, _epochs(epochs), y, mark=(float(kept), "kept"), numbers=numbers
    )


def _loss_axis(drawn: Sequence[float]) -> Axis:
    if min(drawn) > 0 and max(drawn) > LOGARITHMIC * min(drawn):
        return logarithmic("loss", drawn, number)
    return linear("loss", drawn, number, within=(0.0, math.inf))


def _learning_rate(run: Run) -> str:
    steps = [line for line in run.metrics() if "learning_rate" in line]
    last = run.metrics("epoch")[-1]
    per_epoch = last["step"] / last["epoch"]
    # A step's line comes just before its epoch's; both give the same point.
    points = {line["step"] / per_epoch: float(line["learning_rate"]) for line in steps}
    rates = [*points.values(), 0.0]
    return line_chart(
        "Learning rate",
        "How far each step went along the gradient.",
        [Series("learning rate", sorted(points.items()))],
        _epochs([0.0, *points]),
        linear("learning rate", rates, number),
        numbers=lambda rate: number(rate, 3),
    )


def _epochs(epochs: Sequence[float]) -> Axis:
    return linear("epoch", epochs, lambda epoch: f"{epoch:.4g}", whole=True, most=9)
