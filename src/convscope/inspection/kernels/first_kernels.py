"""The kernels that a network has learned and its images meet first.

    first_kernels(run).figure("kernels.png")

These are the only ones whose inputs are colours, so only they can be looked at as small images.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from convscope.errors import UsageError
from convscope.graph.capture import capture
from convscope.inspection.kernels.layer_kernels import layer_kernels
from convscope.inspection.open.network import Inspectable, image_shape, open_network
from convscope.look.html import table
from convscope.runtime.usual_settings import in_usual_settings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_ROWS = 64  # of a table in a notebook


@dataclass(frozen=True)
class FirstKernels:
    """The kernels that the images meet first. They print as text and draw themselves.

    Attributes:
        layer: Name of the convolution.
        weights: float32 (kernels, channels, height, width).
        notes: What a person should know.
    """

    layer: str
    weights: NDArray[np.float32] = field(repr=False)
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        count, channels, height, width = self.weights.shape
        text = (
            f"{self.layer}: {count} kernels of {channels} × {height} × {width}, weights "
            f"{self.weights.min():.3g} to {self.weights.max():.3g}".replace("-", "−")
            + "."
        )
        return "\n".join([text, *self.notes])

    def _repr_html_(self) -> str:
        rows = [
            (number, f"{kernel.sum():.3g}", f"{np.linalg.norm(kernel):.3g}")
            for number, kernel in enumerate(self.weights[:MOST_ROWS])
        ]
        return table(rows, ("kernel", "sum", "norm"), caption=str(self))

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw the kernels: in colours where they take colour images, else in red and blue.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        from convscope.inspection.kernels.first_kernels_figure import first_kernels_figure

        return first_kernels_figure(self.layer, self.weights, path)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold, the weights included."""
        return {
            "layer": self.layer,
            "shape": list(self.weights.shape),
            "weights": self.weights.tolist(),
            "notes": list(self.notes),
        }


@in_usual_settings
def first_kernels(
    network: Inspectable,
    shape: int | Sequence[int] | None = None,
    *,
    channels: int | None = None,
    classes: int | None = None,
) -> FirstKernels:
    """The kernels of the convolution that is executed first.

    Args:
        network: A module; a run, its folder, or a `model.safetensors`; or a name of the catalog.
        shape: (channels, height, width) of an image, or its height and width as one number. None:
            what the run was trained with, or the usual.
        channels: Channels of the images, for a network of the catalog. None: the usual.
        classes: Number of classes, for a network of the catalog. None: 10.

    Raises:
        UsageError: No such network, or it has no convolution.
    """
    size = shape if isinstance(shape, int) else None
    opened = open_network(network, size=size, channels=channels, classes=classes)
    found = read_first_kernels(opened.network, image_shape(opened, shape))
    return replace(found, notes=opened.notes)


def read_first_kernels(network: nn.Module, shape: Sequence[int]) -> FirstKernels:
    """The kernels of the convolution that is executed first.

    Args:
        network: Left as found.
        shape: (channels, height, width) of an image.

    Raises:
        UsageError: The network has no convolution.
    """
    graph = capture(network, shape)
    for node in graph:
        if node.kind == "convolution" and len(node.shape) == 4 and "weight" in node.parameters:
            return FirstKernels(node.name, layer_kernels(graph, node).astype(np.float32))
    raise UsageError(f"{graph.network} has no convolution, so there are no kernels to show.")
