"""Where a network's parameters, its operations and its size are, block by block."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from convscope.inspection.trace.layers import TracedLayer, TraceNumbers
from convscope.inspection.trace.table import sizes
from convscope.look.canvas import drawable, drawing, footnote, headline, shorten
from convscope.look.language import pick
from convscope.look.numbers import quantity, size
from convscope.look.palette import SERIES

MOST_ROWS = 60  # blocks; of more, those in which least happens are left out
LARGEST, OTHER = SERIES[1], SERIES[0]


def trace_figure(trace: TraceNumbers, path: str | Path | None = None) -> Figure:
    """Draw a bar for each block: its parameters, its MACs, and the size of its output.

    Args:
        trace: What is drawn.
        path: The PNG to write; None only gives the figure.
    """
    rows = [row for row in trace.blocks if row.parameters or row.macs or row.activation_bytes]
    rows = _without_the_least(rows, trace) or [*trace.blocks]
    with drawing(path, 12.0, 0.27 * len(rows) + 1.9) as figure:
        name = shorten(drawable(trace.network, instead="The network"), 40)
        parameters, macs = quantity(trace.parameters), quantity(trace.macs)
        headline(
            figure,
            pick(
                f"{name}: {parameters} parameters, {macs} MACs for an image {sizes(trace.image)}",
                f"{name}：{parameters} 个参数，每幅 {sizes(trace.image)} 的图像 {macs} 次乘加",
            ),
        )
        left, middle, right = figure.subplots(1, 3, sharey=True)
        _draw_bars(left, rows, pick("parameters", "参数"), lambda row: row.parameters, quantity)
        _draw_bars(
            middle, rows, pick("MACs forward", "前向的乘加次数"), lambda row: row.macs, quantity
        )
        _draw_bars(
            right, rows, pick("size of the output", "输出的大小"),
            lambda row: row.activation_bytes, size,
        )  # fmt: skip
        names = [shorten(drawable(row.name, instead="a block"), 30) for row in rows]
        left.set_yticks(range(len(rows)), names, fontsize=9, parse_math=False)
        left.set_ylim(len(rows) - 0.4, -0.6)
        note = pick(
            "From the image at the top to the output at the bottom; the longest bar of each "
            "column stands out.",
            "上为图像，下为输出；每一列中最长的条用另一种颜色。",
        )
        if len(rows) == MOST_ROWS < len(trace.blocks):
            note += pick(
                f" The {len(rows)} largest of {len(trace.blocks)} blocks.",
                f"只画 {len(trace.blocks)} 个块中最大的 {len(rows)} 个。",
            )
        footnote(figure, note)
    return figure


def _draw_bars(
    axes: Axes,
    rows: list[TracedLayer],
    title: str,
    number: Callable[[TracedLayer], int],
    written: Callable[[int], str],
) -> None:
    values = [number(row) for row in rows]
    most = max(values)
    axes.barh(range(len(rows)), values, color=[LARGEST if v == most else OTHER for v in values])
    for place, value in enumerate(values):
        if value:
            axes.annotate(
                written(value), (value, place), xytext=(3, 0), textcoords="offset points",
                va="center", fontsize=8,
            )  # fmt: skip
    axes.set_title(title)
    axes.set_xlim(0, 1.25 * max(most, 1))  # room for the number behind the longest bar
    axes.set_xticks([])
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False)
    axes.spines["bottom"].set_visible(False)


def _without_the_least(rows: list[TracedLayer], trace: TraceNumbers) -> list[TracedLayer]:
    def share(row: TracedLayer) -> float:
        return max(
            row.parameters / max(trace.parameters, 1),
            row.macs / max(trace.macs, 1),
            row.activation_bytes / max(trace.activation_bytes, 1),
        )

    kept = sorted(range(len(rows)), key=lambda place: -share(rows[place]))[:MOST_ROWS]
    return [rows[place] for place in sorted(kept)]
