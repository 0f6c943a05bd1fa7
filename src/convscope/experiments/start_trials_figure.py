"""The losses of many starts, a panel for each way to start, as a figure."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from convscope.experiments.start_names import name_of
from convscope.look.canvas import drawing, footnote, headline
from convscope.look.language import pick
from convscope.look.palette import FAINT, GREEN, ORANGE, VERMILION

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from convscope.experiments.start_trials import StartTrials

COLUMNS = 4
COLOURS = {"learned": GREEN, "waiting": ORANGE, "dead": VERMILION}


def start_trials_figure(trials: StartTrials, path: str | Path | None = None) -> Figure:
    """Draw the loss of every training over its steps, coloured by what became of it.

    Args:
        trials: The trainings.
        path: The PNG to write; None only gives the figure.
    """
    starts = trials.starts
    columns = min(COLUMNS, len(starts))
    rows = math.ceil(len(starts) / columns)
    with drawing(path, 2.6 * columns + 0.6, 2.1 * rows + 1.0) as figure:
        learned, tried = trials.count(starts[0], "learned"), len(trials.of(starts[0]))
        best = max(starts, key=lambda start: trials.count(start, "learned") / len(trials.of(start)))
        headline(figure, _message(trials, learned, tried, best))
        panels = figure.subplots(rows, columns, sharey=True, squeeze=False).flatten()
        for axes, start in zip(panels, starts, strict=False):
            _draw_losses(axes, trials, start)
        for axes in panels[len(starts) :]:
            axes.set_axis_off()
        for row in range(rows):
            panels[row * columns].set_ylabel(pick("training loss", "训练损失"))
        footnote(
            figure,
            pick(
                "A line: one start. Green: learned. Orange: at most one in five right. Red: every "
                "class map is 0, so no weight has a gradient.\nDotted: ln of the number of "
                "classes, the loss of guessing.",
                "每条线是一次训练。绿：学会了；橙：最多认对五分之一；红：所有类别图全为 0，"
                "任何权重都没有梯度。\n点线：类别数的自然对数，即瞎猜的损失。",
            ),
        )
    return figure


def _message(trials: StartTrials, learned: int, tried: int, best: str) -> str:
    if len(trials.starts) == 1 or best == trials.starts[0]:
        return pick(f"{learned} of {tried} starts learn", f"{tried} 次中有 {learned} 次学会")
    first, other = name_of(trials.starts[0]), name_of(best)
    there, tries = trials.count(best, "learned"), len(trials.of(best))
    return pick(
        f"{_sentence(first)}: {learned} of {tried} learn. {_sentence(other)}: {there} of {tries}.",
        f"{first}：{tried} 次中 {learned} 次学会；{other}：{tries} 次中 {there} 次",
    )


def _sentence(name: str) -> str:
    return name[0].upper() + name[1:]


def _draw_losses(axes: Axes, trials: StartTrials, start: str) -> None:
    tried = trials.of(start)
    for trial in tried:
        epochs = len(trial.losses)
        steps = (np.arange(epochs) + 0.5) * trial.steps / epochs  # a mean over the epoch
        axes.plot(steps, trial.losses, color=COLOURS[trial.outcome], linewidth=1.2, alpha=0.7)
    axes.axhline(math.log(tried[0].classes), color=FAINT, linestyle=":", linewidth=1)
    axes.set_ylim(0, 1.15 * math.log(tried[0].classes))
    axes.set_xlim(0, tried[0].steps)
    axes.set_xticks([0, tried[0].steps])
    learned, waiting, dead = (trials.count(start, outcome) for outcome in COLOURS)
    counts = pick(
        f"{learned} learn, {waiting} wait, {dead} dead",
        f"学会 {learned}，停滞 {waiting}，死亡 {dead}",
    )
    axes.set_title(f"{name_of(start)}\n{counts}", fontsize=9, loc="left")
    axes.text(
        0.5, -0.14, pick("steps", "步数"), transform=axes.transAxes, ha="center", va="center",
        fontsize=8, color=FAINT,
    )  # fmt: skip
