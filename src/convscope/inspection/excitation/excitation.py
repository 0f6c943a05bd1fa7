"""The images of a data set, and the patches of them, that excite a channel most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from convscope.data.batches import Batches, Normalization
from convscope.data.convert import convert
from convscope.data.image_set import ImageSet
from convscope.errors import UsageError
from convscope.graph.capture import capture
from convscope.graph.graph import Graph
from convscope.inspection.receptive_field.unit_field import Box, unit_field
from convscope.look.progress import progress

PIXELS_AT_ONCE = 1_000_000
IMAGES_AT_ONCE = 64


@dataclass(frozen=True)
class Excitation:
    """An image that a channel answers to, by the strongest of its units.

    Attributes:
        index: The image's place in the set.
        value: What the strongest unit gives.
        unit: Where that is: (channel, row, column), or (number,) for a layer without maps.
        box: What the unit sees of the image, in pixels of the size that the network gets.
        image: uint8 (C, H, W), of that size.
    """

    index: int
    value: float
    unit: tuple[int, ...]
    box: Box
    image: NDArray[np.uint8] = field(repr=False)

    @property
    def patch(self) -> NDArray[np.uint8]:
        """The part of the image that the unit sees: uint8 (C, height, width)."""
        return self.image[:, self.box.top : self.box.bottom + 1, self.box.left : self.box.right + 1]


def most_exciting(
    network: nn.Module,
    images: ImageSet,
    normalization: Normalization,
    layer: str,
    channels: Sequence[int] | None = None,
    *,
    size: int | None = None,
    count: int = 8,
) -> dict[int, list[Excitation]]:
    """The images that each channel of a layer answers to most, every image counted once.

    After Zeiler and Fergus, "Visualizing and understanding convolutional networks", 2013, figure 2:
    the patch is what the strongest unit of the channel sees, its receptive field.

    Args:
        network: Left as found.
        images: The data set.
        normalization: As for training.
        layer: Name of a layer or block.
        channels: Which of its channels (units, where there are no maps); None: the first eight.
        size: Height and width that images are resized to; None keeps theirs.
        count: Images for each channel.

    Returns:
        By channel, the strongest first; fewer than `count` if the set is smaller.

    Raises:
        UsageError: There is no such layer or channel.
    """
    device = next((p.device for p in network.parameters()), torch.device("cpu"))
    pixels = images.image_shape[0] * (size or images.image_shape[1]) ** 2
    batch_size = max(1, min(IMAGES_AT_ONCE, PIXELS_AT_ONCE // pixels))
    batches = Batches(
        images, batch_size, normalization=normalization, train=False, size=size, device=device
    )
    best = _Best(count)
    graph: Graph | None = None
    with progress(f"Looking for what excites {layer}", len(images)) as advance:
        for batch, _ in batches.epoch(0):
            graph = capture(network, batch)
            value = graph[layer].value
            assert value is not None  # noqa: S101 - the images were real
            best.add(value.flatten(2) if value.dim() > 2 else value[..., None])
            advance(len(batch))
    assert graph is not None  # noqa: S101 - an image set has images
    shape = graph[layer].shape[1:]
    chosen = list(range(min(8, shape[0]))) if channels is None else list(channels)
    for channel in chosen:
        if not 0 <= channel < shape[0]:
            raise UsageError(
                f"{layer} has no channel {channel}; its channels are 0 to {shape[0] - 1}."
            )
    return {channel: _found(best, channel, graph, layer, images, size) for channel in chosen}


class _Best:
    """The strongest answers so far: for every channel so many images, each with its unit."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.seen = 0
        self.values = torch.empty(0, 0)  # (kept, channels), the strongest first
        self.images = torch.empty(0, 0, dtype=torch.int64)
        self.positions = torch.empty(0, 0, dtype=torch.int64)

    def add(self, answers: Tensor) -> None:
        """Take in the answers of a batch: (n, channels, positions)."""
        values, positions = answers.float().cpu().max(dim=2)  # (n, channels)
        images = torch.arange(self.seen, self.seen + len(values))[:, None].expand_as(values)
        if self.seen:
            values = torch.cat([self.values, values])
            positions = torch.cat([self.positions, positions])
            images = torch.cat([self.images, images])
        self.seen += len(answers)
        order = values.argsort(dim=0, descending=True, stable=True)[: self.count]
        self.values = values.gather(0, order)
        self.positions = positions.gather(0, order)
        self.images = images.gather(0, order)


def _found(
    best: _Best, channel: int, graph: Graph, layer: str, images: ImageSet, size: int | None
) -> list[Excitation]:
    shape = graph[layer].shape[1:]
    indices = best.images[:, channel].tolist()
    shown = convert(images.subset(indices), size=size, channels=None).images
    found = []
    for place, index in enumerate(indices):
        position = int(best.positions[place, channel])
        where = np.unravel_index(position, shape[1:]) if len(shape) > 1 else ()
        unit = (channel, *(int(each) for each in where))
        found.append(
            Excitation(
                index=index,
                value=float(best.values[place, channel]),
                unit=unit,
                box=unit_field(graph, layer, unit).box,
                image=shown[place],
            )
        )
    return found
