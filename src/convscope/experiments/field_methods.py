"""The receptive field of layers in three ways that know nothing of one another.

By formula (kernel, stride and dilation of each layer, in their order), by the graph (which numbers
each operation really looks at), and by gradients (which pixels change the unit). They must agree
to the pixel; where tools disagree, one of them counted something else.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from convscope.definitions.counting import ReceptiveField, Window
from convscope.errors import UsageError
from convscope.graph.capture import capture
from convscope.graph.graph import Graph
from convscope.inspection.receptive_field.unit_field import unit_field
from convscope.look.language import pick
from convscope.look.printed import Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WINDOWED = (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d)
POINTWISE = (
    nn.ReLU, nn.ReLU6, nn.Sigmoid, nn.Tanh, nn.GELU, nn.SiLU, nn.Identity, nn.Dropout,
    nn.BatchNorm2d,
)  # fmt: skip


@dataclass(frozen=True)
class LayerMethods:
    """What the middle unit of a layer sees along one side, in pixels.

    Attributes:
        layer: Name of the layer.
        formula: By the sizes of windows.
        graph: By the real graph, as if the image went on beyond its border.
        gradient: From the first to the last row whose pixels have a gradient that isn't 0.
        clipped: Whether the image's border cuts the field off; then `gradient` must be `inside`.
        inside: By the graph, what lies in the image.
    """

    layer: str
    formula: int
    graph: int
    gradient: int
    clipped: bool
    inside: int

    @property
    def agree(self) -> bool:
        """Whether all three say the same."""
        return self.formula == self.graph and self.gradient == self.inside


@dataclass(frozen=True)
class FieldMethods(Printed):
    """Receptive fields of layers by formula, graph and gradients.

    Attributes:
        network: Its name.
        size: Height and width of the image, in pixels.
        layers: One for each layer that was asked about.
    """

    network: str
    size: int
    layers: tuple[LayerMethods, ...]

    @property
    def agree(self) -> bool:
        """Whether the three ways agree for every layer."""
        return all(layer.agree for layer in self.layers)

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        title = pick(
            f"{self.network}, images of {self.size} × {self.size}: pixels that a unit in the "
            "middle sees along one side",
            f"{self.network}，{self.size} × {self.size} 图像：中间单元沿一边所见的像素数",
        )
        headings = (
            pick("layer", "层"), pick("formula", "公式"), pick("graph", "计算图"),
            pick("gradients", "梯度"), pick("agree", "一致"),
        )  # fmt: skip
        rows = []
        for layer in self.layers:
            beyond = pick(" (border)", "（边界）") if layer.clipped else ""
            verdict = pick("yes", "是") if layer.agree else pick("no", "否")
            numbers = (str(layer.formula), str(layer.graph), f"{layer.gradient}{beyond}")
            rows.append((layer.layer, *numbers, verdict))
        yield TextTable(title, headings, rows)

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw the size of the field by layer, a mark for each of the three ways.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        from convscope.look.canvas import drawing, headline
        from convscope.look.palette import MARKERS, SERIES

        with drawing(path, 8.5, 4.0) as figure:
            headline(
                figure,
                pick("Three ways, one answer", "三种方法，一个答案")
                if self.agree
                else pick("The three ways disagree", "三种方法不一致"),
            )
            axes = figure.subplots()
            places = range(len(self.layers))
            ways = (
                (pick("formula", "公式"), [layer.formula for layer in self.layers]),
                (pick("graph", "计算图"), [layer.graph for layer in self.layers]),
                (pick("gradients", "梯度"), [layer.gradient for layer in self.layers]),
            )
            for number, (name, sizes) in enumerate(ways):
                axes.plot(
                    places, sizes, MARKERS[number], color=SERIES[number], label=name,
                    markersize=15 - 5 * number,
                )  # fmt: skip
            axes.set_xticks([*places], [layer.layer for layer in self.layers])
            axes.set_ylim(bottom=0)
            axes.set_xlabel(pick("layer", "层"))
            axes.set_ylabel(pick("pixels along one side", "沿一边的像素数"))
            axes.legend()
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        layers = [asdict(layer) | {"agree": layer.agree} for layer in self.layers]
        return {"network": self.network, "size": self.size, "layers": layers}


def compare_field_methods(
    network: nn.Sequential,
    size: int,
    layers: Sequence[str] = (),
    *,
    in_channels: int = 1,
    images: int = 16,
    name: str = "",
) -> FieldMethods:
    """Find the receptive fields of a chain of layers in three ways.

    Gradients are those of the units in the middle of all channels, in double precision, for images
    of noise. A row counts if a gradient in it isn't 0 for any of them: a ReLU that is off, or a
    maximum that lies elsewhere, hides pixels from one image and one unit.

    Args:
        network: Convolutions, pooling and operations on single numbers; a copy is used.
        size: Height and width of the images.
        layers: Names of layers; (): all convolutions and pooling.
        in_channels: Channels of the images.
        images: How many images of noise.
        name: What the network is called.

    Raises:
        UsageError: The network isn't such a chain, or has no such layer.
    """
    by_formula = _follow(network)
    double = copy.deepcopy(network).double().eval()
    random = torch.Generator().manual_seed(0)
    noise = torch.randn(images, in_channels, size, size, generator=random).double()
    graph = capture(double, noise, gradients=True)
    found = []
    for layer in layers or [*by_formula]:
        if layer not in by_formula:
            raise UsageError(f"There is no layer {layer!r}. There are: {', '.join(by_formula)}.")
        unit = unit_field(graph, layer, _middle(graph, layer, 0))
        rows = np.flatnonzero(_rows_that_matter(graph, layer))
        found.append(
            LayerMethods(
                layer=layer,
                formula=by_formula[layer].size,
                graph=unit.unclipped.size[0],
                gradient=int(rows[-1] - rows[0]) + 1 if len(rows) else 0,
                clipped=unit.box != unit.unclipped,
                inside=unit.box.size[0],
            )
        )
    return FieldMethods(name or type(network).__name__, size, tuple(found))


def _middle(graph: Graph, layer: str, channel: int) -> tuple[int, int, int]:
    height, width = graph[layer].unit_shape[-2:]
    return channel, height // 2, width // 2


def _rows_that_matter(graph: Graph, layer: str) -> NDArray[np.bool_]:
    """The rows of the images with a gradient that isn't 0, of a unit in the layer's middle."""
    value = graph[layer].value
    assert value is not None  # noqa: S101 - real images leave values
    seed = torch.zeros_like(value)
    for channel in range(value.shape[1]):
        # All channels together, with weights that don't cancel.
        seed[(slice(None), *_middle(graph, layer, channel))] = 1 + channel / 8
    (gradient,) = graph.gradients(graph[layer], [graph.input], seed)
    rows: NDArray[np.bool_] = (gradient != 0).any(dim=3).flatten(0, 1).any(dim=0).numpy()
    return rows


def _follow(network: nn.Sequential) -> dict[str, ReceptiveField]:
    """The field of each layer with windows, by the formula alone."""
    seen, fields = ReceptiveField(), {}
    for name, module in network.named_modules():
        if isinstance(module, WINDOWED):
            seen = seen.behind(_window(module))
            fields[name] = seen
        elif not isinstance(module, (*POINTWISE, nn.Sequential)):
            raise UsageError(
                f"The formula follows convolutions and pooling, one after another; {name!r} is a "
                f"{type(module).__name__}. Give the part of the network before it."
            )
    if not fields:
        raise UsageError("The network has no convolution and no pooling.")
    return fields


def _window(module: nn.Module) -> Window:
    numbers = []
    for setting in ("kernel_size", "stride", "padding", "dilation"):
        value = getattr(module, setting, 1)
        numbers.append(value if isinstance(value, int) else value[0])
    return Window(*numbers)
