"""Feature maps: what each channel of a layer makes of an image.

maps = feature_maps(run, "shoe.png", "features.conv1")
maps.figure("maps.png")
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from convscope.errors import UsageError
from convscope.graph.capture import capture
from convscope.graph.graph import Graph, Node
from convscope.inspection.open.image import AnyImage, open_image
from convscope.inspection.open.network import Inspectable
from convscope.look.html import table
from convscope.runtime.usual_settings import in_usual_settings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_ROWS = 64  # of a table in a notebook
CONVOLUTIONS = ("convolution", "transposed convolution")
NO_LONGER_MAPS = ("flatten", "reshape", "permutation", "matrix product")
"""What comes out of these may have four axes, as attention has, without being maps of an image."""


@dataclass(frozen=True)
class FeatureMaps:
    """What one layer makes of an image. It prints as text and draws itself.

    Attributes:
        layer: The layer's name.
        kind: What the layer does, as in "convolution".
        maps: float32 (channels, height, width).
        notes: What a person should know.
    """

    layer: str
    kind: str
    maps: NDArray[np.float32] = field(repr=False)
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        channels, height, width = self.maps.shape
        never = int((self.maps <= 0).all(axis=(1, 2)).sum())
        text = (
            f"{self.layer} ({self.kind}): {channels} maps of {height} × {width}, "
            f"values {self.maps.min():.3g} to {self.maps.max():.3g}".replace("-", "−")
        )
        text += f"; {never} maps are above 0 nowhere." if never else "."
        return "\n".join([text, *self.notes])

    def _repr_html_(self) -> str:
        rows = [
            (number, f"{one.min():.3g}", f"{one.mean():.3g}", f"{one.max():.3g}")
            for number, one in enumerate(self.maps[:MOST_ROWS])
        ]
        return table(rows, ("map", "lowest", "mean", "highest"), caption=str(self))

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw the maps, all in the same colours; of many, the first 64.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        from convscope.inspection.feature_maps.figure import feature_maps_figure

        return feature_maps_figure(self.layer, self.kind, self.maps, path)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold: all but the maps themselves."""
        return {
            "layer": self.layer,
            "kind": self.kind,
            "output_shape": list(self.maps.shape),
            "lowest": float(self.maps.min()),
            "highest": float(self.maps.max()),
            "notes": list(self.notes),
        }


@in_usual_settings
def feature_maps(
    network: Inspectable,
    image: AnyImage,
    layer: str,
    *,
    size: int | None = None,
    channels: int | None = None,
    classes: int | None = None,
    device: str = "auto",
) -> FeatureMaps:
    """The feature maps of one layer of a network on an image.

    Args:
        network: A module; a run, its folder, or a `model.safetensors`; or a name of the catalog.
        image: A file or uint8 (C, H, W), treated as for training; or a float tensor (C, H, W), as
            the network takes it.
        layer: Name of a layer or a block.
        size: Height and width of the image. None: what the run was trained with, or the usual.
        channels: Channels of the image, for a network of the catalog. None: the usual.
        classes: Number of classes, for a network of the catalog. None: 10.
        device: Where to compute. "auto" takes a GPU if there is one; a module stays where it is.

    Raises:
        UsageError: No such network or layer, an image that does not fit, or a layer whose output
            has no height and width.
        ConvscopeError: The file is no image.
    """
    opened = open_image(
        network, image, size=size, channels=channels, classes=classes, device=device
    )
    [found] = read_feature_maps(opened.network, opened.pixels, [layer])
    return FeatureMaps(found.layer, found.kind, found.maps, opened.notes)


def read_feature_maps(
    network: nn.Module, image: Tensor, layers: Sequence[str] | None = None
) -> list[FeatureMaps]:
    """The feature maps of several layers, from one call of the network.

    Args:
        network: Left as found.
        image: (1, C, H, W), normalized as for training.
        layers: Names of layers or blocks; None: the last layer of every size of maps, which shows
            the way from large maps to small ones.

    Raises:
        UsageError: There is no such layer, or its output has no height and width.
    """
    graph = capture(network, image)
    if layers is None:
        by_size = {
            node.shape[2:]: node for node in feature_map_nodes(graph) if node is not graph.input
        }
        chosen = [node for node in graph if node in by_size.values()]
    else:
        chosen = [graph[name] for name in layers]
    for node in chosen:
        if node not in feature_map_nodes(graph, least=1):
            raise UsageError(
                f"Layer {node.name!r} ({node.kind}) has no feature maps: its output has the shape "
                f"{node.shape}. Name a layer before the flattening."
            )
    return [FeatureMaps(node.name, node.kind, _array(node.value)[0]) for node in chosen]


def feature_map_nodes(graph: Graph, least: int = 2) -> list[Node]:
    """The nodes that hold feature maps (N, C, H, W), in the order of execution.

    Args:
        graph: The graph of a call with images.
        least: Pixels that a map must have.
    """
    found: list[Node] = []
    for node in graph:
        is_origin = node is graph.input or node.kind in CONVOLUTIONS
        comes_from_maps = node.kind not in NO_LONGER_MAPS and any(n in found for n in node.inputs)
        if len(node.shape) == 4 and node.depends_on_images and (is_origin or comes_from_maps):
            found.append(node)
    return [node for node in found if node.shape[2] * node.shape[3] >= least]


def _array(tensor: Tensor | None) -> NDArray[np.float32]:
    assert tensor is not None, "the images were real"  # noqa: S101
    array: NDArray[np.float32] = tensor.detach().float().cpu().numpy()
    return array
