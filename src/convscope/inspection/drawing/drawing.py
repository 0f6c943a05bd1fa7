"""A drawing of any network, as SVG or PNG.

    draw("resnet18", path="resnet18.svg")
    draw(my_module, (3, 224, 224), expand=True).figure("network.png")

Feature maps are blocks to scale, layers the arrows between them. Branches stand side by side, what
is added goes through a ⊕, and blocks that repeat are drawn once with their number. Its words are
in the language that is current when it is drawn.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convscope.errors import UsageError
from convscope.files import write_text
from convscope.graph.capture import capture
from convscope.graph.graph import Graph
from convscope.graph.operations.layer_words import say_layer
from convscope.inspection.drawing.blocks import DrawnBlock, block_calls, blocks_of
from convscope.inspection.drawing.collapsing import collapse_blocks
from convscope.inspection.drawing.page import DrawingPage, page_of
from convscope.inspection.drawing.png import draw_png
from convscope.inspection.drawing.repeats import fold
from convscope.inspection.drawing.shortening import shorten_blocks
from convscope.inspection.drawing.steps import DrawingStep, steps_of
from convscope.inspection.drawing.svg import as_svg
from convscope.inspection.open.network import Inspectable, open_for_shape
from convscope.look.canvas import drawable, use_drawable_language
from convscope.look.language import pick
from convscope.runtime.usual_settings import in_usual_settings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = (".svg", ".png")
PIXELS = 2560  # width of a PNG, if that is enough for its letters
_PIXELS_PER_POINT = 1.6


@dataclass(frozen=True)
class Drawing:
    """A network as it is drawn. It prints as a list of its steps, and shows in a notebook.

    Attributes:
        network: The network's name.
        image: (channels, height, width) of the image it was drawn with.
        steps: What is drawn, from the input on; one for each group of blocks made alike.
        blocks: The outermost blocks that are framed, which may hold others.
        page: Where everything stands.
    """

    network: str
    image: tuple[int, ...]
    steps: tuple[DrawingStep, ...] = field(repr=False)
    blocks: tuple[DrawnBlock, ...] = field(repr=False)
    page: DrawingPage = field(repr=False)

    def __str__(self) -> str:
        times = _repeats(self.blocks)
        image = "×".join(map(str, self.image))
        lines = [
            pick(
                f"{self.network}, drawn for an image of {image}",
                f"{self.network}，按 {image} 的图像画出",
            )
        ]
        for step in self.steps:
            repeated = f"  (×{times[step]})" if times.get(step, 1) > 1 else ""
            lines.append(f"  {say_layer(', '.join(step.label))}: {step.shape_label}{repeated}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return self.svg().partition("\n")[2]  # without the declaration, which HTML doesn't know

    def svg(self) -> str:
        """The text of an SVG file."""
        return as_svg(self.page.shapes, self.page.width, self.page.height, self.network)

    def figure(self, path: str | Path | None = None) -> Figure:
        """The drawing as a matplotlib figure.

        Args:
            path: The file to write, .svg or .png; None only gives the figure.

        Raises:
            UsageError: The file's name has another ending, or its folder does not exist.
        """
        target = None if path is None else check_file(path)
        if target is not None and target.suffix.lower() == ".svg":
            write_text(target, self.svg())
            target = None
        page = self.page
        pixels = max(PIXELS, round(_PIXELS_PER_POINT * page.width))
        return draw_png(page.shapes, page.width, page.height, pixels, target)

    def as_dict(self) -> dict[str, Any]:
        """The steps as plain data, each with the numbers of those that it takes its inputs from."""
        number = {step: place for place, step in enumerate(self.steps)}
        times = _repeats(self.blocks)
        return {
            "network": self.network,
            "image": list(self.image),
            "steps": [
                {
                    "part": step.part,
                    "layers": step.label,
                    "output_shapes": [list(shape) for shape in step.shapes],
                    "inputs": [number[source] for source in step.inputs],
                    "times": times.get(step, 1),
                }
                for step in self.steps
            ],
        }


@in_usual_settings
def draw(
    network: Inspectable | Graph,
    shape: int | Sequence[int] | None = None,
    *,
    expand: bool = False,
    path: str | Path | None = None,
) -> Drawing:
    """Draw a network on a page of the shape of a slide (16:9).

    Args:
        network: A name of the catalog, any module that maps images to one tensor, a run, its
            folder or a `model.safetensors`, or a graph from `capture`.
        shape: (channels, height, width) of the images, or their height and width as one number.
            None: what the run was trained with, or the catalog's network is usually given. Not for
            a graph, which has its own.
        expand: Draw every block, instead of those made alike once.
        path: The file to write, .svg or .png; None only gives the drawing.

    Raises:
        UsageError: The file's name has another ending, its folder does not exist, or the network
            cannot be traced (see `capture`).
    """
    target = None if path is None else check_file(path)
    graph = network if isinstance(network, Graph) else capture(*open_for_shape(network, shape))
    drawing = draw_graph(graph, expand=expand)
    if target is not None and target.suffix.lower() == ".svg":
        write_text(target, drawing.svg())
    elif target is not None:
        drawing.figure(target)
    return drawing


def check_file(path: str | Path) -> Path:
    """Complain, before any work is done, about a file that couldn't be written.

    Raises:
        UsageError: It ends neither with .svg nor with .png, or its folder does not exist.
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
    return target


def draw_graph(graph: Graph, *, expand: bool = False, collapse: Collection[str] = ()) -> Drawing:
    """Draw a graph that is there already; nothing is written.

    Args:
        graph: From `capture`.
        expand: Draw every block, instead of those made alike once.
        collapse: Names of blocks that are drawn as one step each.
    """
    steps = steps_of(graph, block_calls(graph))
    blocks = blocks_of(graph, steps)
    if collapse:
        steps, blocks = collapse_blocks(steps, blocks, collapse)
    if not expand:
        steps, blocks = shorten_blocks(*fold(steps, blocks))
    parameters = sum(graph.weights[name].numel() for name in graph.parameter_names)
    image = "×".join(map(str, graph.input.shape[1:]))
    with use_drawable_language():
        title = drawable(graph.network, instead=pick("Network", "网络"))
        subtitle = pick(
            f"image {image}, {parameters:,} parameters", f"图像 {image}，{parameters:,} 个参数"
        )
        page = page_of(steps, blocks, title, subtitle)
    return Drawing(graph.network, graph.input.shape[1:], tuple(steps), tuple(blocks), page)


def _repeats(blocks: Sequence[DrawnBlock]) -> dict[DrawingStep, int]:
    """How many steps each step that is drawn once stands for."""

    def walk(inside: Sequence[DrawnBlock], times: int) -> Iterator[tuple[DrawingStep, int]]:
        for block in inside:
            yield from ((step, times * block.count) for step in block.steps)
            yield from walk(block.blocks, times * block.count)

    return dict(walk(blocks, 1))
