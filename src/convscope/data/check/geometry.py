"""Windows of small images: cutting one out and enlarging it, as two matrix products.

A window is four numbers, (centre y, height, centre x, width), in units in which the image reaches
from -1 to 1 and the whole image is (0, 1, 0, 1). Linear interpolation in a window without
rotation is separable: `rows @ image @ columns.T`, with one sparse matrix for each axis.
"""

from __future__ import annotations

import torch
from torch import Tensor

WHOLE = (0.0, 1.0, 0.0, 1.0)


def positions(side: int) -> Tensor:
    """The centres of a row of `side` pixels, between -1 and 1; (side,)."""
    return (torch.arange(side) + 0.5) / side * 2 - 1


def sampling_matrices(centre: Tensor, extent: Tensor, side: int) -> Tensor:
    """Matrices that interpolate linearly along one axis.

    Args:
        centre: (N,), of the window.
        extent: (N,), of the window.
        side: Pixels before and after.

    Returns:
        (N, side, side): row i holds the weights of the pixels that make pixel i of the window.
        Outside the image the pixel at its edge counts.
    """
    places = centre[:, None] + extent[:, None] * positions(side)  # (N, side)
    pixels = ((places + 1) / 2 * side - 0.5).clamp(0, side - 1)
    return (1 - (pixels[:, :, None] - torch.arange(side)).abs()).clamp_min(0)


def cut_windows(images: Tensor, windows: Tensor) -> Tensor:
    """The window of each image, enlarged to the image's size.

    Args:
        images: float (N, S, S) or (N, C, S, S).
        windows: (N, 4).

    Returns:
        As `images`.
    """
    side = images.shape[-1]
    rows = sampling_matrices(windows[:, 0], windows[:, 1], side)
    columns = sampling_matrices(windows[:, 2], windows[:, 3], side).transpose(1, 2)
    if images.ndim == 4:
        rows, columns = rows[:, None], columns[:, None]
    return rows @ images @ columns


def blur_matrix(side: int, sigma: float) -> Tensor:
    """The matrix (side, side) that blurs along one axis with a Gaussian of `sigma` pixels."""
    radius = max(1, round(3 * sigma))
    reach = torch.arange(-radius, radius + 1)
    weights = torch.exp(-0.5 * (reach / sigma) ** 2)
    weights /= weights.sum()
    matrix = torch.zeros(side, side)
    pixels = (torch.arange(side)[:, None] + reach).clamp(0, side - 1)  # the edge is repeated
    return matrix.scatter_add_(1, pixels, weights.expand(side, -1).contiguous())


def blur(images: Tensor, sigma: float) -> Tensor:
    """Images (…, S, S) blurred with a Gaussian of `sigma` pixels."""
    matrix = blur_matrix(images.shape[-1], sigma)
    return matrix @ images @ matrix.T


def measure_slopes(images: Tensor) -> tuple[Tensor, Tensor]:
    """Change of brightness per pixel downwards and to the right (central differences).

    Args:
        images: (…, S, S).

    Returns:
        Two of the same shape; 0 at the edge.
    """
    down, right = torch.zeros_like(images), torch.zeros_like(images)
    down[..., 1:-1, :] = (images[..., 2:, :] - images[..., :-2, :]) / 2
    right[..., 1:-1] = (images[..., 2:] - images[..., :-2]) / 2
    return down, right
