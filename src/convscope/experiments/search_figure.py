"""The figure of a search for an architecture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from convscope.look.canvas import drawing, footnote, headline
from convscope.look.language import pick
from convscope.look.palette import FAINT, MARKERS, SERIES, VERMILION

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from convscope.experiments.architecture_search import ArchitectureSearch


def search_figure(search: ArchitectureSearch, path: str | Path | None = None) -> Figure:
    """Draw the validation accuracy of every try over its cost; a mark for each kernel size.

    Args:
        search: What is drawn.
        path: The PNG to write; None only gives the figure.
    """
    best = search.best
    with drawing(path, 8.5, 4.4) as figure:
        headline(
            figure,
            pick(
                f"Best of {len(search.tries)}: {best.architecture.layers} layers of "
                f"{best.architecture.kernel}×{best.architecture.kernel}, "
                f"{best.architecture.channels} channels",
                f"{len(search.tries)} 个中最好的：{best.architecture.layers} 层 "
                f"{best.architecture.kernel}×{best.architecture.kernel}，"
                f"{best.architecture.channels} 个通道",
            ),
        )
        axes = figure.subplots()
        kernels = sorted({each.architecture.kernel for each in search.tries})
        for place, kernel in enumerate(kernels):
            tries = [each for each in search.tries if each.architecture.kernel == kernel]
            axes.semilogx(
                [each.architecture.macs for each in tries],
                [100 * each.validation for each in tries],
                MARKERS[place], color=SERIES[place] if kernel > 1 else FAINT, alpha=0.85,
                markersize=7, label=f"{kernel}×{kernel}",
            )  # fmt: skip
        axes.plot(
            best.architecture.macs, 100 * best.validation, "o", markersize=16, mfc="none",
            mec=VERMILION, mew=2,
        )  # fmt: skip
        axes.set_xlabel(pick("MACs for one image", "每幅图像的乘加次数"))
        axes.set_ylabel(pick("right, % (validation)", "认对的比例（%，验证集）"))
        figure.legend(loc="outside right center", title=pick("kernel", "卷积核"))
        footnote(figure, pick("Ring: the best by validation.", "圆圈：验证准确率最高的网络。"))
    return figure
