"""Random changes of training images, for a whole batch at once and on its device.

`augmentation_settings.Augmentation` says which; the functions here do one each. They take uint8
images (N, C, H, W) and a NumPy generator from which the few numbers per image are drawn, so a batch
is changed in the same way on every device; a part of a batch, by `PartOfDraws`, as in the whole.
Order: flip, crop, cutout, on the stored pixels; then colour; mixup last, on the finished batch.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from convscope.data.batch_part import PartOfDraws

Draws: TypeAlias = np.random.Generator | PartOfDraws


def flip(images: Tensor, random: Draws) -> Tensor:
    """Mirror each image left to right with probability 1/2."""
    chosen = _to(random.random(len(images)) < 0.5, images)
    return torch.where(chosen[:, None, None, None], images.flip(-1), images)


def crop(images: Tensor, padding: int, random: Draws) -> Tensor:
    """Shift each image by up to `padding` pixels each way; what comes in is black."""
    count, _, height, width = images.shape
    padded = F.pad(images, (padding, padding, padding, padding))
    top, left = (_to(each, images) for each in random.integers(0, 2 * padding + 1, (2, count)))
    # A view of all windows: (N, C, 2·padding + 1, 2·padding + 1, H, W)
    windows = padded.unfold(2, height, 1).unfold(3, width, 1)
    return windows[torch.arange(count, device=images.device), :, top, left]


def cutout(images: Tensor, side: int, fill: Tensor, random: Draws) -> Tensor:
    """Fill a square of each image; its centre is anywhere, so borders may cut it.

    Args:
        images: (N, C, H, W).
        side: The length of the square's sides in pixels.
        fill: (C,), of the images' type.
        random: Source of the positions.
    """
    count, _, height, width = images.shape
    rows = _to(random.integers(0, height, count), images)
    columns = _to(random.integers(0, width, count), images)
    inside_rows = _near(torch.arange(height, device=images.device), rows, side)  # (N, H)
    inside_columns = _near(torch.arange(width, device=images.device), columns, side)  # (N, W)
    square = inside_rows[:, None, :, None] & inside_columns[:, None, None, :]  # (N, 1, H, W)
    return torch.where(square, fill[:, None, None], images)


def colour(images: Tensor, strength: float, random: Draws) -> Tensor:
    """Change brightness, contrast and (of colour images) saturation of each image.

    Args:
        images: float (N, C, H, W) in [0, 1].
        strength: Factors are drawn from [1 − strength, 1 + strength].
        random: Source of the factors.

    Returns:
        float (N, C, H, W) in [0, 1].
    """
    from kornia import enhance

    low, high = 1 - strength, 1 + strength
    brightness, contrast, saturation = (
        _to(each.astype(np.float32), images) for each in random.uniform(low, high, (3, len(images)))
    )
    images = enhance.adjust_brightness_accumulative(images, brightness)
    images = enhance.adjust_contrast_with_mean_subtraction(images, contrast)
    if images.shape[1] == 3:
        images = enhance.adjust_saturation_with_gray_subtraction(images, saturation)
    return images


def mixup(
    images: Tensor, labels: Tensor, classes: int, alpha: float, random: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """Mix each image, and its label, with another image of the batch, all in one share.

    Args:
        images: float (N, C, H, W).
        labels: int64 (N,).
        classes: How many there are.
        alpha: The share is drawn from Beta(alpha, alpha).
        random: Source of the share and of the partners.

    Returns:
        Images float (N, C, H, W), and labels float (N, classes) that sum to 1.
    """
    share = float(random.beta(alpha, alpha))
    partner = _to(random.permutation(len(images)), images)
    one_hot = F.one_hot(labels, classes).to(images.dtype)
    return torch.lerp(images[partner], images, share), torch.lerp(one_hot[partner], one_hot, share)


def _near(positions: Tensor, centres: Tensor, side: int) -> Tensor:
    """Which positions (M,) are among the `side` around each centre (N,): bool (N, M)."""
    start = centres[:, None] - side // 2
    return (positions >= start) & (positions < start + side)


def _to(values: np.ndarray, like: Tensor) -> Tensor:
    """A small array on the device of `like`."""
    return torch.from_numpy(values).to(like.device)
