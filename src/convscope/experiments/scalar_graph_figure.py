"""The graph behind a number as a figure."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from convscope.look.canvas import drawing, footnote, headline
from convscope.look.language import pick
from convscope.look.numbers import number
from convscope.look.palette import BLUE, DIM, FRAME, FRAME_EDGE, INK, VERMILION, WHITE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from convscope.experiments.scalar_graph import ValueGraph

ACROSS, DOWN = 2.1, 1.5  # inches from node to node
BOX = {"boxstyle": "round,pad=0.5", "facecolor": FRAME, "edgecolor": FRAME_EDGE}


def value_graph_figure(graph: ValueGraph, path: str | Path | None = None) -> Figure:
    """Draw the values from left to right: values in the boxes, slopes on edges, gradients below.

    Args:
        graph: The computation.
        path: The PNG to write; None only gives the figure.
    """
    places = _places(graph)
    columns = 1 + max(x for x, _ in places)
    rows = 1 + max(y for _, y in places) - min(y for _, y in places)
    with drawing(path, max(7.0, ACROSS * columns + 0.6), DOWN * rows + 1.6) as figure:
        headline(
            figure,
            pick(
                "A gradient: the slopes on the way, multiplied, and summed over all ways",
                "输入的梯度：沿途各斜率相乘，各条路径相加",
            ),
        )
        axes = figure.subplots()
        for place, node in enumerate(graph.nodes):
            x, y = places[place]
            for source, slope in zip(node.inputs, node.slopes, strict=True):
                from_x, from_y = places[source]
                axes.annotate(
                    "", (x - 0.1, y), (from_x + 0.1, from_y),
                    arrowprops={"arrowstyle": "->", "color": DIM, "shrinkA": 0, "shrinkB": 2},
                )  # fmt: skip
                axes.text(
                    0.5 * (x + from_x), 0.5 * (y + from_y), f"× {number(slope, 3)}",
                    color=BLUE, ha="center", va="center",
                    bbox={"facecolor": WHITE, "edgecolor": "none", "pad": 2},
                )  # fmt: skip
            axes.text(
                x, y, f"{node.label}\n{number(node.value)}",
                ha="center", va="center", color=INK, fontsize=12, bbox=BOX,
            )  # fmt: skip
            axes.text(
                x, y - 0.34, "–" if node.gradient is None else number(node.gradient),
                ha="center", va="top", color=VERMILION, weight="bold",
            )  # fmt: skip
        axes.set_xlim(-0.5, columns - 0.5)
        axes.set_ylim(min(y for _, y in places) - 0.65, max(y for _, y in places) + 0.5)
        axes.set_axis_off()
        footnote(
            figure,
            pick(
                "in the box: the value; blue: how fast the next value grows with this one; "
                "orange: how fast the result does",
                "框内：值；蓝：后一个值随它变化的快慢；橙：结果随它变化的快慢",
            ),
        )
    return figure


def _places(graph: ValueGraph) -> list[tuple[int, float]]:
    """A column behind all inputs of a node; in a column, evenly spread from top to bottom.

    An input of the whole stands just before where it is first used.
    """
    columns: list[int] = []
    for node in graph.nodes:
        columns.append(1 + max((columns[source] for source in node.inputs), default=-1))
    for place, node in enumerate(graph.nodes):
        users = [columns[i] for i, each in enumerate(graph.nodes) if place in each.inputs]
        if not node.inputs and users:
            columns[place] = min(users) - 1
    heights = {column: columns.count(column) for column in columns}
    seen: dict[int, int] = {}
    found: dict[int, tuple[int, float]] = {}
    ranked = sorted(range(len(columns)), key=lambda place: not graph.nodes[place].inputs)
    for place in ranked:  # inputs below what was computed
        column = columns[place]
        rank = seen.get(column, 0)
        seen[column] = rank + 1
        found[place] = (column, 0.5 * (heights[column] - 1) - rank)
    return [found[place] for place in range(len(columns))]
