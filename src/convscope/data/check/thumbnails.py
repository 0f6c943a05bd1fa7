"""Small versions of all images of a data set, of one size, to compare them by."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from convscope.data.convert import change_channels, resize
from convscope.data.image_set import ImageSet
from convscope.data.mapped import release

LARGEST = 32
SMALLEST = 16
"""On fewer pixels, different things look alike; handwritten digits of 8×8 do."""

BLOCK_BYTES = 64 << 20
BLOCK = 4096


def thumbnail_side(splits: Mapping[str, ImageSet]) -> int:
    """Height and width to compare images at.

    Images that were enlarged when they were read hold no more than they did before, and
    enlarging blurs some pixels more than others; so the size they mostly had is taken.
    """
    sides = [min(images.image_shape[1:]) for images in splits.values()]
    for images in splits.values():
        if images.original_sizes:
            usual = max(images.original_sizes, key=lambda size: images.original_sizes[size])
            sides.append(min(usual))
    return min(LARGEST, *sides) // 2 * 2


def make_thumbnails(splits: Mapping[str, ImageSet], side: int) -> Tensor:
    """The largest centred square of every image, `side` pixels wide.

    Returns:
        uint8 (N, C, side, side), the images of all splits one after another.
    """
    parts = []
    for images in splits.values():
        step = max(1, BLOCK_BYTES // (4 * images.images[0].size))
        for start in range(0, len(images), step):
            block = torch.from_numpy(images.images[start : start + step].astype(np.float32))
            parts.append(resize(block, side).round().clamp(0, 255).byte())
            release(images.images)
    return torch.cat(parts)


def to_grey(images: Tensor) -> Tensor:
    """The brightness of uint8 images (N, C, S, S), as uint8 (N, S, S)."""
    if images.shape[1] == 1:
        return images[:, 0]
    parts = []
    for block in images.split(BLOCK):  # type: ignore[no-untyped-call]
        one = change_channels(block.float(), 1) if block.shape[1] == 3 else block.float()
        parts.append(one.mean(dim=1).round().byte())
    return torch.cat(parts)
