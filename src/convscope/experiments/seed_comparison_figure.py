"""Accuracy over the epochs, with a band over the seeds, as a figure."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import PercentFormatter

from convscope.look.canvas import drawing, footnote, headline
from convscope.look.language import pick
from convscope.look.numbers import percent
from convscope.look.palette import SERIES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from convscope.experiments.seed_comparison import SeedComparison


def seed_comparison_figure(comparison: SeedComparison, path: str | Path | None = None) -> Figure:
    """Draw the median of each network in a band from its worst to its best seed.

    Args:
        comparison: The networks.
        path: The PNG to write; None only gives the figure.
    """
    ranked = sorted(comparison.groups, key=lambda group: -group.median)
    with drawing(path, 9.0, 5.0) as figure:
        axes = figure.subplots()
        if len(ranked) == 1:
            only = ranked[0]
            message = pick(
                f"{only.name}: from {percent(only.lowest)} to {percent(only.highest)}, "
                "by the seed alone",
                f"{only.name}：只换随机种子，就从 {percent(only.lowest)} 到 "
                f"{percent(only.highest)}",
            )
        else:
            message = pick(
                f"{ranked[0].name} ends with the highest median",
                f"{ranked[0].name} 最终的中位数最高",
            )
        headline(figure, message)
        ends = _apart([group.median for group in ranked])
        for group, colour, end in zip(ranked, SERIES, ends, strict=False):
            values = np.array(group.curves)
            epochs = np.arange(1, values.shape[1] + 1)
            middle = np.median(values, axis=0)
            axes.fill_between(
                epochs, values.min(axis=0), values.max(axis=0), color=colour, alpha=0.22, lw=0
            )
            axes.plot(epochs, middle, color=colour, linewidth=2)
            axes.annotate(
                f"{group.name}\n{percent(group.median)}",
                (epochs[-1], middle[-1]), (epochs[-1] + 0.25, end),
                color=colour, va="center", annotation_clip=False,
            )  # fmt: skip
        axes.set_xlim(1, epochs[-1] + 2.6)
        axes.set_ylim(0, 1)
        axes.set_xticks(epochs[:: max(1, len(epochs) // 10)])
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
        axes.set_xlabel(pick("epoch", "轮"))
        axes.set_ylabel(pick("test accuracy", "测试准确率"))
        seeds = len(ranked[0].curves)
        footnote(
            figure,
            pick(
                f"line: the median of {seeds} seeds; band: from the worst to the best",
                f"线：{seeds} 个种子的中位数；色带：从最差到最好",
            ),
        )
    return figure


def _apart(heights: list[float], least: float = 0.11) -> list[float]:
    """Places for labels, at least this far from one another, from the highest down."""
    places: list[float] = []
    for height in heights:
        places.append(min(height, places[-1] - least) if places else height)
    return places
