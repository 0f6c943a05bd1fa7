"""Effective receptive fields: over depth, and by activation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from convscope.look.canvas import drawing, footnote, headline
from convscope.look.language import pick
from convscope.look.numbers import number
from convscope.look.palette import BLUE, FAINT
from convscope.look.panels import draw_values

if TYPE_CHECKING:
    from convscope.experiments.effective_growth import EffectiveGrowth, StackField


def growth_figure(growth: EffectiveGrowth, path: str | Path | None = None) -> Figure:
    """Draw sizes over depth, and how much each column matters to the deepest unit.

    Args:
        growth: From `measure_effective_growth`.
        path: The PNG to write; None only gives the figure.
    """
    with drawing(path, 11.0, 4.4) as figure:
        headline(
            figure,
            pick(
                "Twice the depth: twice the field on paper, √2 times in effect",
                "深度加倍：理论感受野加倍，有效感受野只变为 √2 倍",
            ),
        )
        left, right = figure.subplots(1, 2)
        depths = [each.layers for each in growth.fields]
        left.plot(depths, [f.theoretical for f in growth.fields], "o-", color=FAINT,
                  label=pick("theoretical", "理论"))  # fmt: skip
        left.plot(depths, [f.width for f in growth.fields], "s-", color=BLUE,
                  label=pick("effective (4σ)", "有效（4σ）"))  # fmt: skip
        left.set_xlabel(pick("3×3 layers", "3×3 卷积层数"))
        left.set_ylabel(pick("pixels along one side", "沿一边的像素数"))
        left.set_title(pick("size of the field", "感受野的大小"))
        left.legend()
        deepest = growth.fields[-1]
        profile = deepest.effective.sum(axis=0)
        middle = deepest.theoretical // 2
        columns = np.arange(deepest.theoretical) - middle
        right.fill_between(columns, 100 * profile / profile.sum(), color=BLUE, alpha=0.35)
        right.axvline(-middle, color=FAINT)
        right.axvline(middle, color=FAINT)
        right.set_ylim(bottom=0)
        right.set_xlabel(pick("column, from the middle", "列（以中心为 0）"))
        right.set_ylabel(pick("share of the gradient, %", "占梯度的比例（%）"))
        right.set_title(pick(f"{deepest.layers} layers", f"{deepest.layers} 层"))
        footnote(
            figure,
            pick(
                "Right: grey lines, the ends of the theoretical field. Fresh weights, images of "
                "noise.",
                "右：灰线为理论感受野的两端。权重为随机初始值，图像为噪声。",
            ),
        )
    return figure


def activations_figure(fields: Mapping[str, StackField], path: str | Path | None = None) -> Figure:
    """Draw the effective field under each activation: on one scale, and each on its own.

    Args:
        fields: By activation, all of one depth.
        path: The PNG to write; None only gives the figure.
    """
    with drawing(path, 3.0 * len(fields) + 1.2, 6.4) as figure:
        headline(
            figure,
            pick(
                "The sigmoid's field isn't smaller: its gradient is",
                "sigmoid 的感受野并没有变小，变小的是梯度",
            ),
        )
        grid = figure.subplots(2, len(fields), squeeze=False)
        largest = max(field.peak for field in fields.values())
        for (name, field), upper, lower in zip(fields.items(), *grid, strict=True):
            draw_values(upper, field.effective, 0.0, largest)
            draw_values(lower, field.effective, 0.0, field.peak or 1.0)
            upper.set_title(name)
            lower.set_xlabel(
                pick(f"largest: {number(field.peak, 2)}", f"最大：{number(field.peak, 2)}")
            )
        grid[0, 0].set_ylabel(pick("on one scale", "同一尺度"))
        grid[1, 0].set_ylabel(pick("each on its own", "各自的尺度"))
    return figure
