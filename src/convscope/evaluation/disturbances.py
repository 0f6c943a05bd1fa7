"""Ways of making images worse: shifted, turned, brighter, noisy, blurred, compressed.

The idea, and most of the disturbances, are those of Hendrycks and Dietterich 2019, "Benchmarking
neural network robustness to common corruptions and perturbations". Severities are given in units
that a person can picture: pixels, degrees, grey levels, JPEG quality.

All functions take uint8 images (N, C, H, W) and make new ones of the same shape.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from PIL import Image

from convscope.data.parallel import map_in_order

Images = npt.NDArray[np.uint8]
Random = np.random.Generator


def shift(images: Images, pixels: float, random: Random) -> Images:
    """Move each image left, right, up or down; its border fills the gap.

    Args:
        images: (N, C, H, W).
        pixels: How far; whole pixels.
        random: Decides the direction of each image.
    """
    far = int(pixels)
    height, width = images.shape[2:]
    padded = np.pad(images, ((0, 0), (0, 0), (far, far), (far, far)), mode="edge")
    starts = np.array([(far, 0), (far, 2 * far), (0, far), (2 * far, far)])
    chosen = starts[random.integers(4, size=len(images))]
    moved = [
        one[:, top : top + height, left : left + width]
        for one, (top, left) in zip(padded, chosen.tolist(), strict=True)
    ]
    return np.stack(moved)


def noise(images: Images, levels: float, random: Random) -> Images:
    """Add independent normal noise to every number of every pixel.

    Args:
        images: (N, C, H, W).
        levels: Standard deviation, in grey levels of 0 to 255.
        random: Gives the noise.
    """
    added = random.standard_normal(images.shape, dtype=np.float32)
    return _bytes(images + np.float32(levels) * added)


def blur(images: Images, pixels: float, random: Random) -> Images:
    """Average with a Gaussian; beyond the border the image goes on as at its border.

    Args:
        images: (N, C, H, W).
        pixels: Standard deviation of the Gaussian.
        random: Not used.
    """
    radius = math.ceil(3 * pixels)
    weights = torch.exp(-(torch.arange(-radius, radius + 1) ** 2) / (2 * pixels**2))
    weights = weights / weights.sum()
    count, channels, height, width = images.shape
    planes = torch.from_numpy(images.astype(np.float32)).reshape(-1, 1, height, width)
    planes = F.pad(planes, (radius, radius, radius, radius), mode="replicate")
    planes = F.conv2d(F.conv2d(planes, weights.view(1, 1, 1, -1)), weights.view(1, 1, -1, 1))
    return _bytes(planes.view(count, channels, height, width).numpy())


def brighten(images: Images, levels: float, random: Random) -> Images:
    """Add the same to every pixel; what passes 0 or 255 is cut off.

    Args:
        images: (N, C, H, W).
        levels: Grey levels; below 0 darkens.
        random: Not used.
    """
    return _bytes(images + np.float32(levels))


def rotate(images: Images, degrees: float, random: Random) -> Images:
    """Turn each image about its middle, left or right; its border fills the corners.

    Args:
        images: (N, C, H, W).
        degrees: How far.
        random: Decides the direction of each image.
    """
    count, _, height, width = images.shape
    angles = math.radians(degrees) * torch.from_numpy(random.choice((-1.0, 1.0), count)).float()
    cosine, sine, none = angles.cos(), angles.sin(), torch.zeros(count)
    # Coordinates run from -1 to 1 along each axis, so a turn must allow for unequal sides.
    rows = (cosine, -sine * height / width, none, sine * width / height, cosine, none)
    turns = torch.stack(rows, dim=1).view(count, 2, 3)
    grid = F.affine_grid(turns, list(images.shape), align_corners=False)
    values = torch.from_numpy(images.astype(np.float32))
    turned = F.grid_sample(values, grid, padding_mode="border", align_corners=False)
    return _bytes(turned.numpy())


def compress(images: Images, quality: float, random: Random) -> Images:
    """Save each image as JPEG and read it again.

    Args:
        images: (N, C, H, W); with other than 1 or 3 channels, each channel is saved by itself.
        quality: JPEG quality, 1 to 95.
        random: Not used.
    """

    def through_jpeg(pixels: Images) -> Images:  # (H, W) or (H, W, 3)
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "JPEG", quality=int(quality))
        return np.asarray(Image.open(file))

    if images.shape[1] == 3:
        saved = map_in_order(through_jpeg, list(images.transpose(0, 2, 3, 1)))
        return np.stack(list(saved)).transpose(0, 3, 1, 2)
    planes = list(images.reshape(-1, *images.shape[2:]))
    return np.stack(list(map_in_order(through_jpeg, planes))).reshape(images.shape)


def _small_parts(side: int) -> tuple[float, ...]:
    """Whole pixels: about 3, 6, 10 and 15 % of the side."""
    return tuple(sorted({float(max(1, round(share * side))) for share in (0.03, 0.06, 0.1, 0.15)}))


def _blurs(side: int) -> tuple[float, ...]:
    """Half a pixel to two for images of 32 pixels, in proportion for others."""
    return tuple(max(0.1, round(step * side / 32, 1)) for step in (0.5, 1.0, 1.5, 2.0))


def _bytes(values: npt.NDArray[np.float32]) -> Images:
    return values.round().clip(0, 255).astype(np.uint8)


class Disturbance(NamedTuple):
    """One way of making images worse.

    Attributes:
        name: What is done.
        unit: What severities are counted in.
        change: Makes new images of (images, severity, random numbers).
        severities: How much is tried, given the shorter side of the images in pixels.
        unchanged: The severity at which images are as they were.
    """

    name: str
    unit: str
    change: Callable[[Images, float, Random], Images]
    severities: Callable[[int], tuple[float, ...]]
    unchanged: float = 0.0


DISTURBANCES = (
    Disturbance("shift", "pixels", shift, _small_parts),
    Disturbance("rotation", "degrees", rotate, lambda side: (5.0, 10.0, 20.0, 30.0)),
    Disturbance(
        "brightness",
        "grey levels added",
        brighten,
        lambda side: (-96.0, -64.0, -32.0, 32.0, 64.0, 96.0),
    ),
    Disturbance("noise", "grey levels (standard deviation)", noise, lambda side: (8, 16, 32, 64)),
    Disturbance("blur", "pixels (standard deviation)", blur, _blurs),
    Disturbance("JPEG", "quality", compress, lambda side: (80.0, 50.0, 25.0, 10.0), 100.0),
)
