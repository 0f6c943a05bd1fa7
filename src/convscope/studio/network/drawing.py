"""A network as the library draws it, with blocks that a reader folds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from convscope.errors import ConvscopeError
from convscope.graph.capture import capture
from convscope.graph.graph import Graph
from convscope.inspection.drawing.blocks import DrawnBlock
from convscope.inspection.drawing.collapsing import can_collapse
from convscope.inspection.drawing.drawing import draw_graph
from convscope.inspection.open.network import open_for_shape
from convscope.runtime.usual_settings import usual_settings
from convscope.studio.network.choose import CHECKPOINTS, find_network, refuse_to_open


def draw_folded(
    name: str, runs: Path, size: int, folded: Sequence[str], *, expand: bool = False
) -> str:
    """The drawing as SVG.

    Args:
        name: As the page names the network.
        runs: The folder that was opened.
        size: Height and width of the image; 0: the usual.
        folded: Names of blocks that are drawn as one step each.
        expand: Draw every block, instead of those made alike once.

    Raises:
        Refused: There is no such network, or it can't be drawn.
    """
    return draw_graph(_graph(name, runs, size), expand=expand, collapse=folded).svg()


def foldable(name: str, runs: Path, size: int) -> list[dict[str, Any]]:
    """The blocks that can be folded, each before those within it.

    Raises:
        Refused: There is no such network, or it can't be drawn.
    """
    drawing = draw_graph(_graph(name, runs, size), expand=True)

    def walk(blocks: Sequence[DrawnBlock], depth: int) -> Iterator[dict[str, Any]]:
        for block in blocks:
            if can_collapse(block, drawing.steps):
                yield {"name": block.name, "kind": block.type_name, "depth": depth}
            yield from walk(block.blocks, depth + 1)

    return [*walk(drawing.blocks, 0)]


def _graph(name: str, runs: Path, size: int) -> Graph:
    found = find_network(name, runs)
    if isinstance(found, Path) and found.parent.name == CHECKPOINTS:
        found = found.parents[1]
    try:
        with usual_settings():
            return capture(*open_for_shape(found, size or None))
    except ConvscopeError as error:
        raise refuse_to_open(name, found, error) from None
