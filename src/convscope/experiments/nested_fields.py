"""The receptive fields of a chain of layers, drawn one inside the other on an image."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from convscope.errors import UsageError
from convscope.graph.capture import capture
from convscope.inspection.receptive_field.unit_field import Box, unit_field
from convscope.look.language import pick
from convscope.look.printed import Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class NestedFields(Printed):
    """What a unit in the middle of each layer sees of an image.

    Attributes:
        boxes: By layer, in the order of execution; what lies in the image.
        image: uint8 (C, height, width).
    """

    boxes: Mapping[str, Box]
    image: NDArray[np.uint8] = field(repr=False)

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        title = pick("What a unit in the middle sees", "中间单元所见的范围")
        headings = (pick("layer", "层"), pick("pixels", "像素"))
        rows = [(name, "{} × {}".format(*box.size)) for name, box in self.boxes.items()]
        yield TextTable(title, headings, rows)

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw the image with a frame for each layer.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        from matplotlib.patches import Rectangle

        from convscope.look.canvas import drawing, headline
        from convscope.look.palette import OUTLINE, SERIES
        from convscope.look.panels import draw_image

        with drawing(path, 7.5, 5.6) as figure:
            headline(
                figure, pick("Each layer sees farther than the last", "每一层都比前一层看得更远")
            )
            axes = figure.subplots()
            draw_image(axes, self.image)
            colours = (OUTLINE, *SERIES[4:6], *SERIES[:4], SERIES[6])
            for number, (name, box) in enumerate(self.boxes.items()):
                axes.add_patch(
                    Rectangle(
                        (box.left - 0.5, box.top - 0.5), box.size[1], box.size[0], fill=False,
                        edgecolor=colours[number % len(colours)], linewidth=2.5,
                        label=f"{name}: {box.size[0]} × {box.size[1]}",
                    )
                )  # fmt: skip
            figure.legend(loc="outside right center")
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold, without the image."""
        return {name: asdict(box) for name, box in self.boxes.items()}


def find_nested_fields(
    network: nn.Module, image: NDArray[np.uint8], layers: Mapping[str, str]
) -> NestedFields:
    """Find what a unit in the middle of each of some layers sees of an image.

    Args:
        network: Maps (N, C, height, width) to anything.
        image: uint8 (C, height, width), to draw on.
        layers: Names of layers whose outputs are maps, by the names to show.

    Raises:
        UsageError: No layers, no such layer, or an image that the network can't take.
    """
    if not layers:
        raise UsageError("find_nested_fields needs at least one layer.")
    graph = capture(network, image.shape)
    boxes = {}
    for shown, layer in layers.items():
        height, width = graph[layer].unit_shape[-2:]
        boxes[shown] = unit_field(graph, layer, (0, height // 2, width // 2)).box
    return NestedFields(boxes, image)
