"""What copies of an image look like: the whole or a part, mirrored or not; as a few numbers.

A copy that was cut at its edges and enlarged again matches its original only where the original is
cut in the same way. So an image is described 34 times: whole and in 16 windows of 7/8 of its side,
each also mirrored. Windows of other sizes and places are near one of these, and the description
forgives the rest: it is a linear discriminant analysis (Fisher 1936; Bishop, "Pattern recognition
and machine learning", section 4.1.6) of the pixels, in which small displacements count as
variation *within* an image and the differences of images as variation *between* them.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from convscope.data.check.geometry import WHOLE, cut_windows, sampling_matrices

EXTENT = 0.866  # of the windows: between 28/32 and 24/28 of the side
SLACK = 1 - EXTENT
PLACES = (-1.0, -1 / 3, 1 / 3, 1.0)
WINDOWS = (WHOLE, *((SLACK * y, EXTENT, SLACK * x, EXTENT) for y in PLACES for x in PLACES))
VIEWS = 2 * len(WINDOWS)
"""View v is window `v % len(WINDOWS)`, mirrored from `len(WINDOWS)` on."""

DIMENSIONS = 32
SAMPLE = 3000  # images from which the analysis learns
DISPLACEMENT = 0.7  # pixels, up to which a window may be off
GROWTH = 0.2  # pixels, by which its edge may be off
NOISE = 5.0  # grey levels, such as compression leaves


@dataclass(frozen=True)
class Basis:
    """The directions in which images differ more than views of the same image do.

    Attributes:
        mean: (P,), of the descriptions before.
        directions: (P, D).
    """

    mean: Tensor
    directions: Tensor

    def describe(self, images: Tensor, view: int) -> Tensor:
        """One view of grey float images (N, S, S) as (N, D); Euclidean distance compares."""
        return (_standardize(_pool_view(images, view)) - self.mean) @ self.directions


def learn_basis(images: Tensor, generator: torch.Generator) -> Basis:
    """The discriminant analysis of these images.

    Args:
        images: Grey uint8 or float (N, S, S).
        generator: Chooses the sample and its displacements.
    """
    sample = images[torch.randperm(len(images), generator=generator)[:SAMPLE]].float()
    whole = _standardize(_pool_view(sample, 0))
    mean = whole.mean(dim=0)
    between = (whole - mean).T @ (whole - mean) / len(sample)
    within = torch.zeros_like(between)
    pixel = 2 / images.shape[-1]
    middle = torch.tensor([0.0, EXTENT, 0.0, EXTENT]).expand(len(sample), 4)
    undisturbed = _standardize(_pool(cut_windows(sample, middle)))
    off = torch.tensor([DISPLACEMENT, GROWTH, DISPLACEMENT, GROWTH]) * pixel
    repeats = 6
    for _ in range(repeats):
        windows = middle + off * (2 * torch.rand(len(sample), 4, generator=generator) - 1)
        noisy = sample + NOISE * torch.randn(sample.shape, generator=generator)
        change = _standardize(_pool(cut_windows(noisy, windows))) - undisturbed
        within += change.T @ change / len(sample) / repeats
    # Of few or plain images, some directions never vary; the ridge keeps them from counting.
    ridge = 0.05 * within.diagonal().mean() + 1e-9
    lower = torch.linalg.cholesky(within + ridge * torch.eye(len(within)))
    inverse = torch.linalg.inv(lower)
    _, vectors = torch.linalg.eigh(inverse @ between @ inverse.T)  # eigenvalues rise
    return Basis(mean, inverse.T @ vectors.flip(1)[:, :DIMENSIONS])


def _pool(images: Tensor) -> Tensor:
    """Images (N, S, S) at half the size, flattened: (N, P)."""
    pooling = _pooling(images.shape[-1])
    return (pooling @ images @ pooling.T).flatten(1)


def _pool_view(images: Tensor, view: int) -> Tensor:
    """One view of images (N, S, S), at half the size, flattened: (N, P)."""
    side = images.shape[-1]
    mirrored, window = divmod(view, len(WINDOWS))
    y, height, x, width = (torch.tensor([value]) for value in WINDOWS[window])
    rows = _pooling(side) @ sampling_matrices(y, height, side)[0]
    columns = _pooling(side) @ sampling_matrices(x, width, side)[0]
    if mirrored:  # the window lies on the mirrored image
        columns = columns.flip(1)
    return (rows @ images @ columns.T).flatten(1)


def _pooling(side: int) -> Tensor:
    """The matrix (side // 2, side) that averages equal stretches of a row."""
    edges = torch.linspace(0, side, side // 2 + 1)
    pixels = torch.arange(side)
    overlap = torch.minimum(edges[1:, None], pixels + 1) - torch.maximum(edges[:-1, None], pixels)
    return overlap.clamp_min(0) / (edges[1] - edges[0])


def _standardize(values: Tensor) -> Tensor:
    """Rows without their mean, of length 1, so that brightness and contrast do not count."""
    centred = values - values.mean(dim=1, keepdim=True)
    standardized: Tensor = centred / centred.norm(dim=1, keepdim=True).clamp_min(1e-6)
    return standardized
