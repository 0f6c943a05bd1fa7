"""The images that excite channels most, at several depths."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from convscope.look.canvas import drawing, footnote, headline
from convscope.look.language import pick
from convscope.look.palette import OUTLINE
from convscope.look.panels import draw_image

if TYPE_CHECKING:
    from convscope.experiments.class_purity import ClassPurity
    from convscope.inspection.excitation.excitation import ExcitingImage

CHANNELS = 2  # drawn of each layer: typical ones
SHOWN = 9


def purity_figure(purity: ClassPurity, path: str | Path | None = None) -> Figure:
    """Draw a row for each of two channels of every layer.

    Args:
        purity: From `measure_class_purity`.
        path: The PNG to write; None only gives the figure.
    """
    rows = [
        (layer, channel, best)
        for layer, found in purity.found.items()
        for channel, best in _typical(found.channels)
    ]
    with drawing(path, 10.0, 1.3 + 1.0 * len(rows)) as figure:
        headline(
            figure,
            pick(
                "The deeper, the larger the part of a digit that a channel responds to",
                "越深的通道，响应的部分越大：从笔画到数字",
            ),
        )
        grid = figure.subplots(len(rows), SHOWN, squeeze=False)
        for line, (layer, channel, best) in zip(grid, rows, strict=True):
            for axes, each in zip(line, best, strict=False):
                draw_image(axes, each.image)
                height, width = each.box.size
                axes.add_patch(
                    Rectangle((each.box.left - 0.5, each.box.top - 0.5), width, height,
                              fill=False, edgecolor=OUTLINE, linewidth=1.5)
                )  # fmt: skip
            for axes in line[len(best) :]:
                axes.set_axis_off()
            alike, count = _alike(best), len(best)
            line[-1].text(
                1.15, 0.5, pick(f"{alike} of {count} alike", f"{count} 幅中 {alike} 幅同类"),
                transform=line[-1].transAxes, va="center",
            )  # fmt: skip
            line[0].set_ylabel(f"{layer}:{channel}", rotation=0, ha="right", va="center")
        footnote(
            figure,
            pick(
                "Rows: two typical channels of each layer, and the images that excite them most. "
                "Frame: what the strongest unit sees.",
                "每层两个典型的通道，以及最能激发它们的图像；方框为响应最强的单元所见的范围。",
            ),
        )
    return figure


def _typical(
    channels: Mapping[int, Sequence[ExcitingImage]],
) -> list[tuple[int, Sequence[ExcitingImage]]]:
    """Of those that respond, the middle ones when sorted by how alike their images are."""
    responding = [(_alike(best), c) for c, best in channels.items() if best[0].value > 0]
    middle = max((len(responding) - CHANNELS) // 2, 0)
    chosen = sorted(responding)[middle : middle + CHANNELS]
    return [(channel, channels[channel]) for _, channel in chosen]


def _alike(best: Sequence[ExcitingImage]) -> int:
    """How many are of the commonest class."""
    return Counter(each.label for each in best).most_common(1)[0][1]
