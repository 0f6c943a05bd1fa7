"""The strongest activations of a layer to the images of a data set, and where they come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from convscope.errors import UsageError
from convscope.graph.capture import capture
from convscope.graph.graph import Graph
from convscope.inspection.open.data import OpenedData
from convscope.inspection.receptive_field.unit_field import Box, unit_field
from convscope.look.progress import progress


@dataclass(frozen=True)
class ExcitingImage:
    """An image that a channel responds to, by the strongest of the channel's units.

    Attributes:
        index: The image's place in the set.
        label: Name of the image's class.
        value: What the strongest unit gives.
        unit: Where that unit is: (channel, row, column), or (number,) in a layer without maps.
        box: What the unit sees of the image, in pixels of the size that the network gets.
        image: uint8 (C, H, W), in that size.
    """

    index: int
    label: str
    value: float
    unit: tuple[int, ...]
    box: Box
    image: NDArray[np.uint8] = field(repr=False)

    @property
    def patch(self) -> NDArray[np.uint8]:
        """The part of the image that the unit sees: uint8 (C, height, width)."""
        return self.image[:, self.box.top : self.box.bottom + 1, self.box.left : self.box.right + 1]

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold: all but the pixels."""
        return {
            "index": self.index,
            "label": self.label,
            "value": self.value,
            "unit": list(self.unit),
            "box": asdict(self.box),
        }


def most_exciting(
    network: nn.Module,
    data: OpenedData,
    layer: str,
    channels: Sequence[int] | None = None,
    *,
    count: int = 8,
    quiet: bool = False,
) -> dict[int, list[ExcitingImage]]:
    """The images that each channel of a layer responds to most, every image counted once.

    Args:
        network: Left as found.
        data: The images, as the network takes them.
        layer: Name of a layer or block.
        channels: Which of its channels (units, where there are no maps); None: the first eight.
        count: Images for each channel.
        quiet: Show no progress.

    Returns:
        By channel, the strongest first; fewer than `count` if the set is smaller.

    Raises:
        UsageError: There is no such layer or channel.
    """
    best = _Best(count)
    graph: Graph | None = None
    with progress(f"Looking for what excites {layer}", len(data.images), quiet=quiet) as advance:
        for batch, _ in data.batches():
            graph = capture(network, batch)
            value = graph[layer].value
            assert value is not None  # noqa: S101 - the images were real
            if value.dim() < 2:
                raise UsageError(f"{layer} has no channels: its output has {value.dim()} axes.")
            chosen = _check_channels(channels, layer, value.shape[1])
            best.add(value.flatten(2) if value.dim() > 2 else value[..., None])
            advance(len(batch))
    assert graph is not None  # noqa: S101 - an image set has images
    return {channel: _found(best, channel, graph, layer, data) for channel in chosen}


def _check_channels(channels: Sequence[int] | None, layer: str, there_are: int) -> list[int]:
    if channels is None:
        return list(range(min(8, there_are)))
    for channel in channels:
        if not 0 <= channel < there_are:
            raise UsageError(
                f"{layer} has no channel {channel}; its channels are 0 to {there_are - 1}."
            )
    return list(channels)


class _Best:
    """The strongest activations so far: for every channel so many images, each with its unit."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.seen = 0
        self.values = torch.empty(0, 0)  # (kept, channels), the strongest first
        self.images = torch.empty(0, 0, dtype=torch.int64)
        self.positions = torch.empty(0, 0, dtype=torch.int64)

    def add(self, activations: Tensor) -> None:
        """Take in the activations of a batch: (n, channels, positions)."""
        values, positions = activations.float().cpu().max(dim=2)  # (n, channels)
        images = torch.arange(self.seen, self.seen + len(values))[:, None].expand_as(values)
        if self.seen:
            values = torch.cat([self.values, values])
            positions = torch.cat([self.positions, positions])
            images = torch.cat([self.images, images])
        self.seen += len(activations)
        order = values.argsort(dim=0, descending=True, stable=True)[: self.count]
        self.values = values.gather(0, order)
        self.positions = positions.gather(0, order)
        self.images = images.gather(0, order)


def _found(
    best: _Best, channel: int, graph: Graph, layer: str, data: OpenedData
) -> list[ExcitingImage]:
    shape = graph[layer].shape[1:]
    indices = best.images[:, channel].tolist()
    shown = data.visible(indices)
    found = []
    for place, index in enumerate(indices):
        position = int(best.positions[place, channel])
        where = np.unravel_index(position, shape[1:]) if len(shape) > 1 else ()
        unit = (channel, *(int(each) for each in where))
        found.append(
            ExcitingImage(
                index=index,
                label=shown.classes[shown.labels[place]],
                value=float(best.values[place, channel]),
                unit=unit,
                box=unit_field(graph, layer, unit).box,
                image=shown.images[place],
            )
        )
    return found
