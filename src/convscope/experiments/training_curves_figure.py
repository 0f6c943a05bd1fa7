"""Curves of one training as a figure."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import MaxNLocator, PercentFormatter

from convscope.look.canvas import drawing, footnote, headline
from convscope.look.language import pick
from convscope.look.numbers import percent
from convscope.look.palette import TEST, TRAINING, VALIDATION

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from convscope.experiments.training_curves import TrainingCurves


def training_curves_figure(curves: TrainingCurves, path: str | Path | None = None) -> Figure:
    """Draw training loss, training accuracy and the accuracy on held-out images.

    Args:
        curves: What was measured.
        path: The PNG to write; None only gives the figure.
    """
    epochs = np.arange(1, len(curves.accuracy) + 1)
    is_test = curves.held_out == "test"
    colour = TEST if is_test else VALIDATION
    name = pick(f"{curves.held_out} accuracy", "测试准确率" if is_test else "验证准确率")
    with drawing(path, 10.0, 4.4) as figure:
        headline(
            figure,
            pick(
                f"{percent(curves.accuracy[-1])} right after {curves.total_steps:,} steps",
                f"{curves.total_steps:,} 步之后正确率 {percent(curves.accuracy[-1])}",
            ),
        )
        loss, accuracy = figure.subplots(1, 2)
        loss.plot(
            epochs, curves.train_loss, color=TRAINING, linestyle="--", marker="o",
            clip_on=False,  # the first point lies at the upper edge
        )  # fmt: skip
        loss.set_title(pick("Training loss", "训练损失"))
        loss.set_ylim(bottom=0)
        guessing = np.log(curves.classes)
        is_below = curves.train_loss[-1] > 0.9 * guessing  # where the curve leaves room
        loss.axhline(guessing, color=TRAINING, linewidth=0.8)
        loss.annotate(
            pick(f"guessing: ln {curves.classes}", f"瞎猜：ln {curves.classes}"),
            (epochs[-1], guessing),
            (0, -8 if is_below else 4),
            textcoords="offset points",
            ha="right",
            va="top" if is_below else "baseline",
            color=TRAINING,
        )
        accuracy.plot(
            epochs, curves.train_accuracy, color=TRAINING, linestyle="--", marker="o",
            label=pick("training accuracy", "训练准确率"),
        )  # fmt: skip
        accuracy.plot(epochs, curves.accuracy, color=colour, marker="^", label=name)
        accuracy.set_title(pick("Accuracy", "准确率"))
        accuracy.set_ylim(0, 1.02)
        accuracy.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
        accuracy.legend(loc="best")
        for axes in (loss, accuracy):
            axes.set_xlabel(pick("epoch", "轮"))
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        footnote(
            figure,
            pick(
                "training accuracy is the mean over the epoch, while the weights change; "
                "the other is taken after it",
                "训练准确率是一轮之中（权重还在变）的平均值，另一条在一轮之后测得",
            ),
        )
    return figure
