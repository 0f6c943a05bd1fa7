"""Answers over the shift, as curves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from convscope.look.canvas import drawing, footnote, headline
from convscope.look.language import pick
from convscope.look.palette import MARKERS, SERIES

if TYPE_CHECKING:
    from convscope.experiments.moved_answers import MovedAnswers
    from convscope.experiments.moved_comparison import MovedComparison


def moved_answers_figure(answers: MovedAnswers, path: str | Path | None = None) -> Figure:
    """Draw what one network answers, over the pixels that the image has moved.

    Args:
        answers: From `measure_moved_answers`.
        path: The PNG to write; None only gives the figure.
    """
    with drawing(path, 8.5, 4.2) as figure:
        last, kept = answers.shifts[-1], 100 * answers.kept[-1]
        headline(
            figure,
            pick(
                f"Moved by {last} pixels, the network keeps {kept:.0f} % of its answers",
                f"平移 {last} 个像素后，网络只有 {kept:.0f} % 的答案不变",
            ),
        )
        axes = figure.subplots()
        curves = (
            (pick("right answer", "答案正确"), answers.accuracy),
            (pick("same answer as unmoved", "与未平移时答案相同"), answers.kept),
            (pick("probability of the right class", "正确类别的概率"), answers.probability),
        )
        for number, (name, values) in enumerate(curves):
            _curve(axes, number, answers.shifts, values, name)
        _finish(figure, axes, answers.shifts, "%")
    return figure


def moved_comparison_figure(compared: MovedComparison, path: str | Path | None = None) -> Figure:
    """Draw the mean probability of the right class for each variant, with the range of seeds.

    Args:
        compared: From `compare_moved_answers`.
        path: The PNG to write; None only gives the figure.
    """
    with drawing(path, 9.5, 4.6) as figure:
        headline(
            figure,
            pick(
                "Pooling along the way hardly helps when the image moves",
                "途中的汇聚几乎不能使网络容忍平移",
            ),
        )
        axes = figure.subplots()
        for number, (variant, each) in enumerate(compared.answers.items()):
            values = np.array([answers.probability for answers in each])
            shifts = each[0].shifts
            _curve(axes, number, shifts, values.mean(axis=0), compared.names[variant])
            if len(each) > 1:
                low, high = 100 * values.min(axis=0), 100 * values.max(axis=0)
                axes.fill_between(shifts, low, high, color=SERIES[number], alpha=0.12, linewidth=0)
        _finish(
            figure, axes, shifts, pick("Probability of the right class, %", "正确类别的概率（%）")
        )
        note = pick(
            "Digits of 10 × 10 pixels on 32 × 32; all networks cost the same.",
            "32 × 32 画布上 10 × 10 像素的数字；各网络的计算量相同。",
        )
        if len(compared.seeds) > 1:
            note += pick(
                f" Line: mean of {len(compared.seeds)} seeds; band: their range.",
                f"线：{len(compared.seeds)} 个种子的平均；带：其范围。",
            )
        footnote(figure, note)
    return figure


def _curve(
    axes: Axes, number: int, shifts: Sequence[int], values: Sequence[float], name: str
) -> None:
    axes.plot(
        shifts, 100 * np.asarray(values), f"{MARKERS[number]}-",
        color=SERIES[number], markersize=5, label=name,
    )  # fmt: skip


def _finish(figure: Figure, axes: Axes, shifts: tuple[int, ...], unit: str) -> None:
    axes.set_ylim(0, 102)
    axes.set_xticks(shifts)
    axes.set_xlabel(pick("Pixels that the image moved", "图像平移的像素数"))
    axes.set_ylabel(unit)
    figure.legend(loc="outside right center")
