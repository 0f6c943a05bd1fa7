"""Figures of dense blocks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from convscope.look.canvas import drawing, footnote, headline
from convscope.look.language import pick
from convscope.look.palette import BLUE, DIM, FAINT, SERIES, VERMILION

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from convscope.experiments.dense_growth import DenseChannels, DenseCosts


def dense_channels_figure(
    channels: DenseChannels, names: Sequence[str], path: str | Path | None = None
) -> Figure:
    """Draw the channels behind each step: a colour for each layer, carried on to all later ones.

    Args:
        channels: What is drawn.
        names: Of the steps.
        path: The PNG to write; None only gives the figure.
    """
    shapes = channels.shapes
    with drawing(path, 8.5, 1.7 + 0.5 * len(shapes)) as figure:
        headline(
            figure,
            pick(
                f"Every layer adds {channels.growth} channels to all that came before",
                f"每一层在之前的全部通道之上再加 {channels.growth} 个",
            ),
        )
        axes = figure.subplots()
        parts = [shapes[0][0]] + [channels.growth] * channels.layers
        for row, shape in enumerate(shapes):
            mixed = row > channels.layers  # the transition mixes all of them
            begun = 0
            for part, width in enumerate([shape[0]] if mixed else parts[: row + 1]):
                colour = FAINT if mixed or part == 0 else SERIES[(part - 1) % len(SERIES)]
                axes.barh(row, width, left=begun, height=0.62, color=colour, edgecolor="white")
                if width >= 0.04 * max(s[0] for s in shapes):
                    axes.text(
                        begun + width / 2, row, str(width), ha="center", va="center",
                        color="white", fontsize=10, fontweight="bold",
                    )  # fmt: skip
                begun += width
            axes.annotate(
                " × ".join(map(str, shape)), (begun, row), xytext=(6, 0),
                textcoords="offset points", va="center", color=DIM,
            )  # fmt: skip
        axes.set_yticks(range(len(names)), names)
        axes.invert_yaxis()
        axes.margins(x=0.16)
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel(pick("channels", "通道数"))
    return figure


def dense_costs_figure(costs: DenseCosts, path: str | Path | None = None) -> Figure:
    """Draw what training keeps over the number of layers.

    Args:
        costs: What is drawn.
        path: The PNG to write; None only gives the figure.
    """
    last = costs.blocks[-1]
    with drawing(path, 8.5, 4.4) as figure:
        headline(
            figure,
            pick(
                f"{last.layers} layers keep {last.kept / last.maps:.0f} times what their maps take",
                f"{last.layers} 层保存的内存是特征图本身的 {last.kept / last.maps:.0f} 倍",
            ),
        )
        axes = figure.subplots()
        layers = [each.layers for each in costs.blocks]
        for values, colour, marker, name in (
            ([e.kept for e in costs.blocks], VERMILION, "o", pick("kept", "保存")),
            (
                [e.kept_recomputed for e in costs.blocks], BLUE, "s",
                pick("with recomputation", "重算时"),
            ),
            ([e.maps for e in costs.blocks], FAINT, "^", pick("all maps once", "特征图各一份")),
        ):  # fmt: skip
            megabytes = [value / 1e6 for value in values]
            axes.plot(layers, megabytes, color=colour, marker=marker, linewidth=2)
            axes.annotate(
                pick(f"{name}: {megabytes[-1]:.1f}", f"{name}：{megabytes[-1]:.1f}"),
                (layers[-1], megabytes[-1]), xytext=(8, 0), textcoords="offset points",
                va="center", color=colour,
            )  # fmt: skip
        axes.set_xticks(layers)
        axes.set_xlim(0, 1.35 * layers[-1])
        axes.set_ylim(bottom=0)
        axes.set_xlabel(pick("layers of the block", "稠密块的层数"))
        axes.set_ylabel(pick("MB for one image", "每幅图像的 MB"))
        footnote(
            figure,
            pick(
                f"Growth rate {costs.growth}, maps of {costs.size} × {costs.size}, float32.",
                f"增长率 {costs.growth}，特征图 {costs.size} × {costs.size}，float32。",
            ),
        )
    return figure
