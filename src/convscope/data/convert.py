"""Other sizes and channel counts for images that are arrays already.

The rules are those of `decode`, so a set of arrays and a set of files are treated alike.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from convscope.data.decode import fit_extents
from convscope.data.image_set import ImageSet
from convscope.data.reading import Fit
from convscope.errors import UsageError

LUMA = (0.299, 0.587, 0.114)
"""ITU-R recommendation BT.601: how bright red, green and blue look."""

CHUNK_BYTES = 64 << 20


def resize(images: Tensor, size: int, fit: Fit = "crop") -> Tensor:
    """Square images: the largest centred square of each, resized with an antialiased filter.

    Args:
        images: float (N, C, H, W); what "pad" puts beside them is 0.
        size: Height and width of the result.
        fit: "pad" and "stretch" keep the whole image, as `decode` does.

    Returns:
        float (N, C, size, size).
    """
    height, width = images.shape[2:]
    if fit == "stretch" and height != width:
        return _interpolate(images, size, size)
    if fit == "pad" and height != width:
        columns, rows = fit_extents(width, height, size)
        top, left = (size - rows) // 2, (size - columns) // 2
        beside = (left, size - columns - left, top, size - rows - top)
        return F.pad(_interpolate(images, rows, columns), beside)
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = images[:, :, top : top + side, left : left + side]
    return square if side == size else _interpolate(square, size, size)


def _interpolate(images: Tensor, height: int, width: int) -> Tensor:
    return F.interpolate(images, size=(height, width), mode="bilinear", antialias=True)


def change_channels(images: Tensor, channels: int) -> Tensor:
    """Grey to colour by repeating, colour to grey by luma; float (N, C, H, W)."""
    if images.shape[1] == channels:
        return images
    if channels == 3:
        return images.expand(-1, 3, -1, -1)
    weights = torch.tensor(LUMA).view(3, 1, 1)
    return (images * weights).sum(dim=1, keepdim=True)


def convert(
    images: ImageSet, *, size: int | None, channels: int | None, fit: Fit = "crop"
) -> ImageSet:
    """The same set with other images; itself if nothing changes.

    Args:
        images: What to convert; 1 or 3 channels if `channels` is given.
        size: Height and width; None keeps them.
        channels: 1 or 3; None keeps them.
        fit: How images that aren't square become square.

    Raises:
        UsageError: The images have neither 1 nor 3 channels, and `channels` is another number.
    """
    old_channels, height, width = images.image_shape
    channels = channels or old_channels
    if channels != old_channels and old_channels not in (1, 3):
        raise UsageError(
            f"{images.name} has {old_channels} channels; only grey (1) and colour (3) can be "
            f"turned into one another, not {old_channels} into {channels}."
        )
    shape = (channels, size or height, size or width)
    if shape == images.image_shape:
        return images
    converted: NDArray[np.uint8] = np.empty((len(images), *shape), dtype=np.uint8)
    step = max(1, CHUNK_BYTES // (4 * max(converted[0].size, images.images[0].size)))
    for start in range(0, len(images), step):
        part = torch.from_numpy(images.images[start : start + step].astype(np.float32))
        part = change_channels(part, channels)
        if size is not None:
            part = resize(part, size, fit)
        converted[start : start + step] = part.round().numpy()
    return images.with_images(converted)
