"""A drawing of any network, as SVG or PNG.

    draw("resnet18", "resnet18.svg")
    draw(my_module, "network.png", (3, 224, 224), expand=True)

Feature maps are blocks to scale, layers the arrows between them. Branches stand side by side, what
is added goes through a ⊕, and blocks that repeat are drawn once with their number.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from torch import nn

from convscope.errors import UsageError
from convscope.files import write_text
from convscope.graph.capture import capture
from convscope.graph.graph import Graph
from convscope.inspection.drawing.blocks import block_calls, blocks_of
from convscope.inspection.drawing.page import DrawingPage, page_of
from convscope.inspection.drawing.png import write_png
from convscope.inspection.drawing.repeats import fold
from convscope.inspection.drawing.shortening import shortened
from convscope.inspection.drawing.steps import steps_of
from convscope.inspection.drawing.svg import as_svg
from convscope.inspection.subject import subject
from convscope.look.canvas import drawable

FORMATS = (".svg", ".png")
PIXELS = 2560  # width of a PNG, if that is enough for its letters
_PIXELS_PER_POINT = 1.6


def draw(
    network: str | nn.Module | Graph,
    path: str | Path,
    shape: int | Sequence[int] | None = None,
    *,
    expand: bool = False,
) -> None:
    """Draw a network on a page of the shape of a slide (16:9).

    Args:
        network: A name of the catalog, any module that maps images to one tensor, or a graph
            from `capture`.
        path: The file to write, .svg or .png.
        shape: (channels, height, width) of the images, or their height and width as one number.
            Default: what the catalog's networks are usually given. Not for a graph, which has its
            own.
        expand: Draw every block, instead of those made alike once.

    Raises:
        UsageError: The file's name has another ending, its folder does not exist, or the network
            cannot be traced (see `capture`).
    """
    target = Path(path)
    if target.suffix.lower() not in FORMATS:
        raise UsageError(
            f"A drawing is written as .svg or .png, not as {target.name!r}. Name it, for example, "
            f"{target.stem + '.svg'!r}."
        )
    if not target.parent.is_dir():
        raise UsageError(
            f"There is no folder {str(target.parent)!r} to draw {target.name!r} in. Make it first."
        )
    graph = network if isinstance(network, Graph) else capture(*subject(network, shape))
    page = page_for(graph, expand=expand)
    if target.suffix.lower() == ".svg":
        write_text(target, as_svg(page.shapes, page.width, page.height, graph.network))
    else:
        pixels = max(PIXELS, round(_PIXELS_PER_POINT * page.width))
        write_png(target, page.shapes, page.width, page.height, pixels)


def page_for(graph: Graph, *, expand: bool = False) -> DrawingPage:
    """The drawing of a graph, before it is written.

    Args:
        graph: From `capture`.
        expand: Draw every block, instead of those made alike once.
    """
    steps = steps_of(graph, block_calls(graph))
    blocks = blocks_of(graph, steps)
    if not expand:
        steps, blocks = shortened(*fold(steps, blocks))
    parameters = sum(graph.weights[name].numel() for name in graph.parameter_names)
    image = "×".join(map(str, graph.input.shape[1:]))
    title = drawable(graph.network, instead="Network")
    return page_of(steps, blocks, title, f"image {image}, {parameters:,} parameters")
