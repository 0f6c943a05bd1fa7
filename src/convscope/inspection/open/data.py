"""A data set as a network takes its images."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from convscope.data.batches import Batches, Normalization
from convscope.data.convert import convert
from convscope.data.image_set import ImageSet, spread_evenly
from convscope.data.load import Data, load, suit_reading
from convscope.data.reading import Fit
from convscope.inspection.open.network import OpenedNetwork

PIXELS_AT_ONCE = 1_000_000
IMAGES_AT_ONCE = 64


@dataclass(frozen=True)
class OpenedData:
    """Images of a data set, and how they are made ready for a network.

    Attributes:
        images: As they are stored, in the network's number of channels.
        size: Height and width that the network gets them in; None: as they are stored.
        normalization: What the network gets them normalized with.
        device: Where the network computes.
        notes: What a person should know.
        fit: How images that aren't square become square.
    """

    images: ImageSet
    size: int | None
    normalization: Normalization
    device: torch.device
    notes: tuple[str, ...] = ()
    fit: Fit = "crop"

    def batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        """All images in their order: float (N, C, H, W), and labels int64 (N,)."""
        channels, height, width = self.images.image_shape
        pixels = channels * (height * width if self.size is None else self.size**2)
        batches = Batches(
            self.images,
            images_at_once(pixels),
            normalization=self.normalization,
            train=False,
            size=self.size,
            fit=self.fit,
            device=self.device,
        )
        return batches.epoch(0)

    def visible(self, rows: list[int]) -> ImageSet:
        """Some of the images, in the size that the network gets them in."""
        return convert(self.images.subset(rows), size=self.size, channels=None, fit=self.fit)


def images_at_once(pixels: int) -> int:
    """How many images of so many numbers a network is given together, as memory allows."""
    return max(1, min(IMAGES_AT_ONCE, PIXELS_AT_ONCE // pixels))


def open_data(
    network: OpenedNetwork, data: Data, split: str = "test", most: int | None = None
) -> OpenedData:
    """Open a data set for a network.

    Images are normalized as the network was trained; where that isn't known, by their own mean and
    standard deviation.

    Args:
        network: What they are for.
        data: A name, a folder or `.zip`, or images that are there already. An `ImageSet` is taken
            as it is.
        split: Which split of other data: "train", "validation" or "test".
        most: Take at most so many images, evenly spread over the set. None: all.

    Raises:
        UsageError: There is no such data or split, or it doesn't fit the network.
    """
    if isinstance(data, ImageSet):
        images = convert(data, size=None, channels=network.channels)
    else:
        reading = suit_reading(network.reading, data)
        images = load(data, split, channels=network.channels, reading=reading)
    if most is not None and most < len(images):
        images = images.subset(spread_evenly(len(images), most))
    normalization, notes = network.normalization, network.notes
    if normalization is None:
        normalization = Normalization.of(images)
        notes += (f"The images were normalized by their own mean and spread ({images.name}).",)
    device = next((p.device for p in network.network.parameters()), torch.device("cpu"))
    return OpenedData(images, network.size, normalization, device, notes, network.reading.fit)
