"""Whether one image is a copy of another: laid over each other as well as they fit, and compared.

Most pairs are told apart at half the size, which is quick; what remains is compared at full size.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from convscope.data.check.geometry import (
    blur,
    blur_matrix,
    cut_windows,
    measure_slopes,
    positions,
    sampling_matrices,
)
from convscope.data.check.views import WINDOWS

CENTRE_LIMIT = 0.25
EXTENTS = (0.8, 1.08)
STEP_PIXELS = 2.5
BLOCK = 2048

SMOOTHING = 0.7  # pixels: what compression adds is mostly finer than that
COLOUR_SMOOTHING = 1.5  # because JPEG keeps colour at half the resolution
SHARPNESS = ((0.0, 0.0), (0.5, 0.0), (0.8, 0.0), (0.0, 0.5), (0.0, 0.8))
"""Pixels by which the original, or the copy, is blurred further: one may be softer."""

GAIN = (0.7, 1.4)
SATURATED = 250.0  # grey levels: brighter pixels may have been cut off at 255
LEVELS = (4.0, 8.0)  # by which copies differ anywhere: in brightness, in colour
TEXTURE_SHARES = (0.02, 0.1)  # of the squared slope nearby, this much is added to the square, …
TEXTURE_LEVELS = (4.0, 16.0)  # … up to so many levels: compression rounds by a limited amount

ROUGH_MISFIT = 1.8
"""Above this at half the size, a pair is no longer looked at."""


@dataclass(frozen=True)
class Alignment:
    """How well copies fit their originals.

    Attributes:
        misfit: (P,): the difference that is left, in units of what copying usually leaves;
            infinite for pairs that differ at first sight.
        correlation: (P,): of the brightness, after both were smoothed a little.
        windows: (P, 4): the part of the (mirrored) original that fits the copy.
    """

    misfit: Tensor
    correlation: Tensor
    windows: Tensor


def join_alignments(first: Tensor, some: Alignment, others: Alignment) -> Alignment:
    """The alignments of pairs that were compared in two ways.

    Args:
        first: bool (P,): the pairs that `some` is of.
        some: Of these.
        others: Of the other pairs.
    """
    joined = []
    for one, other in (
        (some.misfit, others.misfit),
        (some.correlation, others.correlation),
        (some.windows, others.windows),
    ):
        values = one.new_empty(len(first), *one.shape[1:])
        values[first], values[~first] = one, other
        joined.append(values)
    return Alignment(*joined)


def separate_planes(images: Tensor) -> Tensor:
    """Float images (N, 3, S, S) as brightness and two colour differences; others as brightness.

    Y, Cb and Cr of ITU-R recommendation BT.601, without the offset of 128.
    """
    if images.shape[1] != 3:
        return images.mean(dim=1, keepdim=True)
    weights = images.new_tensor(
        [[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]]
    )
    return torch.einsum("pc,nchw->nphw", weights, images)


def compare_pairs(
    images: Tensor, brightness: Tensor, originals: Tensor, copies: Tensor, views: Tensor
) -> Alignment:
    """Align and compare pairs of images.

    Args:
        images: uint8 (N, C, S, S).
        brightness: uint8 (N, S, S), of the same images.
        originals: (P,) positions in `images`.
        copies: (P,) positions.
        views: (P,): where the alignment begins.
    """
    windows = torch.tensor(WINDOWS)[views % len(WINDOWS)]
    mirrored = views >= len(WINDOWS)
    misfit = torch.full((len(views),), torch.inf)
    correlation = torch.zeros(len(views))
    small = torch.cat([F.avg_pool2d(part.float(), 2) for part in brightness.split(BLOCK)])  # type: ignore[no-untyped-call]
    for rows in torch.arange(len(views)).split(BLOCK):  # type: ignore[no-untyped-call]
        original, copy = _pair(small, originals[rows], copies[rows], mirrored[rows])
        found = _align(original, copy, windows[rows], sigma=0.5, steps=3)
        rough = _misfit(cut_windows(original, found)[:, None], copy[:, None], ((0.0, 0.0),))[0]
        rows, found = rows[rough < ROUGH_MISFIT], found[rough < ROUGH_MISFIT]
        if len(rows):
            original, copy = _pair(brightness, originals[rows], copies[rows], mirrored[rows])
            for sigma in (0.7, 0.4):  # from coarse to fine
                found = _align(original.float(), copy.float(), found, sigma=sigma, steps=3)
            original, copy = _pair(images, originals[rows], copies[rows], mirrored[rows])
            shown = cut_windows(separate_planes(original.float()), found)
            misfit[rows], correlation[rows] = _misfit(
                shown, separate_planes(copy.float()), SHARPNESS
            )
            windows[rows] = found
    return Alignment(misfit, correlation, windows)


def _pair(
    images: Tensor, originals: Tensor, copies: Tensor, mirrored: Tensor
) -> tuple[Tensor, Tensor]:
    original = images[originals]
    original[mirrored] = original[mirrored].flip(-1)
    return original, images[copies]


def _align(original: Tensor, copy: Tensor, windows: Tensor, *, sigma: float, steps: int) -> Tensor:
    """The window of the original that resembles the copy most, by Gauss-Newton steps.

    Lucas and Kanade (1981), "An iterative image registration technique", with a factor and an
    offset of brightness solved for at the same time.

    Args:
        original: float (N, S, S).
        copy: float (N, S, S).
        windows: (N, 4), where to begin.
        sigma: Pixels by which both are blurred, the original after the window is cut out.
        steps: How many.
    """
    side = original.shape[-1]
    down, right = (slope * (side / 2) for slope in measure_slopes(original))  # per unit of a window
    smooth = blur_matrix(side, sigma)
    copy = smooth @ copy @ smooth.T
    place = positions(side)
    low = torch.tensor([-CENTRE_LIMIT, EXTENTS[0], -CENTRE_LIMIT, EXTENTS[0]])
    high = torch.tensor([CENTRE_LIMIT, EXTENTS[1], CENTRE_LIMIT, EXTENTS[1]])
    limit = 2 * STEP_PIXELS / side
    for _ in range(steps):
        rows = smooth @ sampling_matrices(windows[:, 0], windows[:, 1], side)
        columns = (smooth @ sampling_matrices(windows[:, 2], windows[:, 3], side)).transpose(1, 2)
        seen, dy, dx = (rows @ each @ columns for each in (original, down, right))
        parts = (seen, torch.ones_like(seen), dy, dy * place[:, None], dx, dx * place)
        influences = torch.stack(parts, dim=1).flatten(2)  # (N, 6, S · S)
        normal = influences @ influences.transpose(1, 2)
        scale = normal.diagonal(dim1=1, dim2=2).sqrt().clamp_min(1e-3)
        normal = normal / (scale[:, :, None] * scale[:, None]) + 1e-3 * torch.eye(6)
        target = influences @ copy.flatten(1)[:, :, None] / scale[:, :, None]
        solution = torch.linalg.solve(normal, target)[:, :, 0] / scale
        move = solution[:, 2:] / solution[:, :1].clamp_min(0.3)
        windows = torch.clamp(windows + move.clamp(-limit, limit), low, high)
    return windows


def _misfit(
    shown: Tensor, copy: Tensor, sharpness: tuple[tuple[float, float], ...]
) -> tuple[Tensor, Tensor]:
    """What is left of the difference of aligned images, and the correlation of brightness.

    Copying changes pixels near edges more than in plain areas. Where an image is plain, small
    differences mean another image, however alike the outlines are.

    Args:
        shown: Planes (N, P, S, S).
        copy: The same.
        sharpness: Blurs to try, in pixels, for the first and the second; the best counts.
    """
    levels, shares, limits = (
        torch.tensor([brightness] + [colour] * (shown.shape[1] - 1))[:, None, None]
        for brightness, colour in (LEVELS, TEXTURE_SHARES, TEXTURE_LEVELS)
    )
    misfits, correlations = [], []
    for first, second in sharpness:
        x, y = _smooth(shown, first), _smooth(copy, second)
        texture = shares * (_activity(x) + _activity(y)) / 2
        allowed = levels**2 + torch.minimum(texture, limits**2)
        # What was cut off at white says little about the factor of brightness.
        cut_off = torch.maximum(x, y)[:, :1] > SATURATED
        gain, offset, correlation = _brightness(x[:, 0], y[:, 0], (1 - 0.9 * cut_off.float())[:, 0])
        expected = gain[:, None, None, None] * x
        expected[:, 0] = (expected[:, 0] + offset[:, None, None]).clamp(0, 255)
        misfits.append(((y - expected) ** 2 / allowed).flatten(1).mean(dim=1).sqrt())
        correlations.append(correlation)
    misfit, best = torch.stack(misfits).min(dim=0)
    return misfit, torch.stack(correlations).gather(0, best[None])[0]


def _smooth(images: Tensor, further: float) -> Tensor:
    """Planes (N, P, S, S), blurred as comparing needs it, and further by some pixels."""
    brightness = blur(images[:, :1], (SMOOTHING**2 + further**2) ** 0.5)
    colour = blur(images[:, 1:], (COLOUR_SMOOTHING**2 + further**2) ** 0.5)
    return torch.cat([brightness, colour], dim=1)


def _activity(images: Tensor) -> Tensor:
    """The squared slope around each pixel."""
    down, right = measure_slopes(images)
    return blur(down**2 + right**2, 2.0)


def _brightness(x: Tensor, y: Tensor, weights: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Factor and offset that turn `x` into `y` (least squares), and their correlation.

    Args:
        x: (N, S, S).
        y: (N, S, S).
        weights: (N, S, S).

    Returns:
        Three of (N,).
    """
    x, y, shares = x.flatten(1), y.flatten(1), weights.flatten(1)
    shares = shares / shares.sum(dim=1, keepdim=True)
    mean_x, mean_y = (shares * x).sum(dim=1), (shares * y).sum(dim=1)
    dx, dy = x - mean_x[:, None], y - mean_y[:, None]
    xx, yy, xy = ((shares * each).sum(dim=1) for each in (dx * dx, dy * dy, dx * dy))
    gain = (xy / xx.clamp_min(1e-3)).clamp(*GAIN)
    return gain, mean_y - gain * mean_x, xy / (xx * yy).sqrt().clamp_min(1e-3)
