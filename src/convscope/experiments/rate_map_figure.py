"""Maps of learning rate and initialization as a figure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from convscope.experiments.variant_names import name_variant
from convscope.look.canvas import drawing, footnote, headline
from convscope.look.language import pick
from convscope.look.palette import INK, WHITE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from convscope.experiments.rate_map import RateMap

DARK_UP_TO = 0.45  # of the colours' range: below, numbers are written white


def draw_rate_maps(maps: Sequence[RateMap], path: str | Path | None = None) -> Figure:
    """Draw maps side by side, in the same colours.

    Args:
        maps: At least one, of the same rates and initializations.
        path: The PNG to write; None only gives the figure.
    """
    with drawing(path, 2.2 + 4.2 * len(maps), 4.6) as figure:
        learned, tried = sum(len(m.learned) for m in maps), sum(len(m.cells) for m in maps)
        headline(
            figure,
            pick(
                f"{learned} of {tried} starts learn: rate and initialization decide",
                f"{tried} 种起点中只有 {learned} 种学会：取决于学习率与初始化",
            ),
        )
        for axes, each in zip(
            figure.subplots(1, len(maps), squeeze=False, sharey=True)[0], maps, strict=True
        ):
            grid = each.grid()
            axes.imshow(grid, cmap="viridis", vmin=0, vmax=1, aspect="auto")
            for (row, column), value in np.ndenumerate(grid):
                colour = WHITE if value < DARK_UP_TO else INK
                axes.text(
                    column, row, f"{100 * value:.0f} %", ha="center", va="center", color=colour
                )
            axes.set_title(name_variant(each.name))
            axes.set_xticks(range(len(each.rates)), [f"{rate:g}" for rate in each.rates])
            axes.set_yticks(range(len(each.initializations)), each.initializations)
            axes.set_xlabel(pick("learning rate", "学习率"))
            axes.grid(visible=False)
            axes.tick_params(length=0)
        chance = maps[0].chance
        footnote(
            figure,
            pick(
                f"share of the test images that are right after {maps[0].steps:,} steps; "
                f"guessing: {100 * chance:.0f} %",
                f"{maps[0].steps:,} 步之后测试图像的正确率；瞎猜：{100 * chance:.0f} %",
            ),
        )
    return figure
