"""Windows of small pictures: cutting one out and enlarging it, as two matrix products.

A window is four numbers, (centre y, height, centre x, width), in units in which the picture reaches
from -1 to 1 and the whole picture is (0, 1, 0, 1). Linear interpolation in a window without
rotation is separable: `rows @ picture @ columns.T`, with one sparse matrix for each axis.
"""

from __future__ import annotations

import torch
from torch import Tensor

WHOLE = (0.0, 1.0, 0.0, 1.0)


def positions(side: int) -> Tensor:
    """The centres of a row of `side` pixels, between -1 and 1; (side,)."""
    return (torch.arange(side) + 0.5) / side * 2 - 1


def sampling(centre: Tensor, extent: Tensor, side: int) -> Tensor:
    """Matrices that interpolate linearly along one axis.

    Args:
        centre: (N,), of the window.
        extent: (N,), of the window.
        side: Pixels before and after.

    Returns:
        (N, side, side): row i holds the weights of the pixels that make pixel i of the window.
        Outside the picture the pixel at its edge counts.
    """
    places = centre[:, None] + extent[:, None] * positions(side)  # (N, side)
    pixels = ((places + 1) / 2 * side - 0.5).clamp(0, side - 1)
    return (1 - (pixels[:, :, None] - torch.arange(side)).abs()).clamp_min(0)


def cut(pictures: Tensor, windows: Tensor) -> Tensor:
    """The window of each picture, enlarged to the picture's size.

    Args:
        pictures: float (N, S, S) or (N, C, S, S).
        windows: (N, 4).

    Returns:
        As `pictures`.
    """
    side = pictures.shape[-1]
    rows = sampling(windows[:, 0], windows[:, 1], side)
    columns = sampling(windows[:, 2], windows[:, 3], side).transpose(1, 2)
    if pictures.ndim == 4:
        rows, columns = rows[:, None], columns[:, None]
    return rows @ pictures @ columns


def blur_matrix(side: int, sigma: float) -> Tensor:
    """The matrix (side, side) that blurs along one axis with a Gaussian of `sigma` pixels."""
    radius = max(1, round(3 * sigma))
    reach = torch.arange(-radius, radius + 1)
    weights = torch.exp(-0.5 * (reach / sigma) ** 2)
    weights /= weights.sum()
    matrix = torch.zeros(side, side)
    pixels = (torch.arange(side)[:, None] + reach).clamp(0, side - 1)  # the edge is repeated
    return matrix.scatter_add_(1, pixels, weights.expand(side, -1).contiguous())


def blur(pictures: Tensor, sigma: float) -> Tensor:
    """Pictures (…, S, S) blurred with a Gaussian of `sigma` pixels."""
    matrix = blur_matrix(pictures.shape[-1], sigma)
    return matrix @ pictures @ matrix.T


def slopes(pictures: Tensor) -> tuple[Tensor, Tensor]:
    """Change of brightness per pixel downwards and to the right (central differences).

    Args:
        pictures: (…, S, S).

    Returns:
        Two of the same shape; 0 at the edge.
    """
    down, right = torch.zeros_like(pictures), torch.zeros_like(pictures)
    down[..., 1:-1, :] = (pictures[..., 2:, :] - pictures[..., :-2, :]) / 2
    right[..., 1:-1] = (pictures[..., 2:] - pictures[..., :-2]) / 2
    return down, right
