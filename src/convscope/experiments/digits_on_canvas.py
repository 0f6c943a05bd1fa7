"""The built-in digits in the middle of a larger black canvas, with room to move."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from convscope.data.load import load
from convscope.errors import UsageError

DIGIT, CANVAS = 10, 32  # pixels a side
ROOM = (CANVAS - DIGIT) // 2  # pixels on each side of a digit


def canvas_digits(split: str = "train") -> tuple[Tensor, Tensor]:
    """Digits of 10×10 pixels in the middle of 32×32, black around them.

    Args:
        split: "train" (1,438 digits) or "test" (359).

    Returns:
        images: float32 (N, 1, 32, 32) in [0, 1]; black is 0, as zero padding is.
        labels: int64 (N,).
    """
    digits = load("digits", split)
    pixels = torch.from_numpy(digits.images).float() / 255
    enlarged = F.interpolate(pixels, (DIGIT, DIGIT), mode="bilinear", align_corners=False)
    return F.pad(enlarged, (ROOM,) * 4), torch.from_numpy(digits.labels)


def move_images(images: Tensor, pixels: int) -> Tensor:
    """Move images to the right, or to the left by a negative number; zeros come in.

    Args:
        images: (N, channels, height, width).
        pixels: How far, less than the width.

    Raises:
        UsageError: It is moved out of the image.
    """
    width = images.shape[-1]
    if abs(pixels) >= width:
        raise UsageError(f"Images {width} pixels wide can't move by {pixels}; give fewer.")
    return F.pad(images, (pixels, -pixels)) if pixels else images


def move_at_random(images: Tensor, random: torch.Generator, farthest: int = 8) -> Tensor:
    """Move each image by its own number of pixels, left or right: augmentation for training.

    Args:
        images: (N, channels, height, width).
        random: Draws the numbers.
        farthest: The largest, to either side.
    """
    drawn = torch.randint(-farthest, farthest + 1, (len(images),), generator=random).tolist()
    return torch.cat([move_images(one[None], by) for one, by in zip(images, drawn, strict=True)])
