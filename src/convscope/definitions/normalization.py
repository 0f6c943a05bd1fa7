"""Batch normalization, in training (with the batch's statistics) and in prediction.

Source: Ioffe and Szegedy, "Batch normalization", ICML 2015, algorithms 1 and 2 and the gradients
of section 3. Statistics are per channel: over the examples and, for images, over all pixels.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from convscope.definitions.arrays import FloatArray, as_float, check_shape, per_channel
from convscope.errors import UsageError

EPSILON = 1e-5
"""The small constant that keeps a channel of variance 0 from dividing by 0."""


class Moments(NamedTuple):
    """Mean and variance of each channel, (channels,) each."""

    mean: FloatArray
    variance: FloatArray


class BatchNormGradients(NamedTuple):
    """The gradients of the loss in what batch normalization was given."""

    x: FloatArray
    scale: FloatArray
    shift: FloatArray


def batch_norm_training(
    x: ArrayLike,
    scale: ArrayLike,
    shift: ArrayLike,
    moving: Moments,
    *,
    keep: float = 0.9,
    epsilon: float = EPSILON,
) -> tuple[FloatArray, Moments]:
    """Normalize each channel by the batch's own statistics, then scale and shift it.

        x̂ = (x − mean) / √(variance + ε)        y = scale · x̂ + shift
        moving ← keep · moving + (1 − keep) · (mean, m/(m − 1) · variance)

    m counts the numbers of a channel in the batch. Dividing by m − 1 makes the moving variance an
    unbiased estimate; the batch itself is normalized with the plain one (the paper, and PyTorch).

    Args:
        x: (N, channels, *spatial).
        scale: γ in the paper, (channels,).
        shift: β in the paper, (channels,).
        moving: The moving averages so far; frameworks begin with mean 0 and variance 1.
        keep: The share of the old moving averages in the new ones. PyTorch's "momentum" is
            1 − keep.
        epsilon: Added to the variance.

    Returns:
        y in the shape of x, and the new moving averages.

    Raises:
        UsageError: The shapes do not fit together, or a channel has a single number.
    """
    x, scale, shift = _check(x, scale, shift, moving)
    batch, m = _batch_moments(x)
    y = _normalize(x, batch, epsilon) * per_channel(scale, x.ndim) + per_channel(shift, x.ndim)
    return y, Moments(
        mean=keep * as_float(moving.mean) + (1 - keep) * batch.mean,
        variance=keep * as_float(moving.variance) + (1 - keep) * batch.variance * m / (m - 1),
    )


def batch_norm_training_backward(
    gradient: ArrayLike, x: ArrayLike, scale: ArrayLike, *, epsilon: float = EPSILON
) -> BatchNormGradients:
    """Return the gradients of the loss in x, scale and shift, in training.

        ∂L/∂scale = Σ ∂L/∂y · x̂        ∂L/∂shift = Σ ∂L/∂y
        ∂L/∂x = scale / √(variance + ε) · (∂L/∂y − mean(∂L/∂y) − x̂ · mean(∂L/∂y · x̂))

    Sums and means are per channel. The two subtracted terms are there because x also moves the
    batch's mean and variance: pushing a whole channel up, or spreading it out, changes nothing.

    Args:
        gradient: ∂L/∂y, in the shape of x.
        x: (N, channels, *spatial).
        scale: (channels,).
        epsilon: As in `batch_norm_training`.

    Raises:
        UsageError: The shapes do not fit together.
    """
    x, scale, gradient = _check_gradient(gradient, x, scale)
    batch, m = _batch_moments(x)
    normalized = _normalize(x, batch, epsilon)
    in_scale = (gradient * normalized).sum(axis=_all_but_channels(x))
    in_shift = gradient.sum(axis=_all_but_channels(x))
    slope = per_channel(scale / np.sqrt(batch.variance + epsilon), x.ndim)
    mean_term = per_channel(in_shift / m, x.ndim)
    spread_term = normalized * per_channel(in_scale / m, x.ndim)
    return BatchNormGradients(slope * (gradient - mean_term - spread_term), in_scale, in_shift)


def batch_norm_prediction(
    x: ArrayLike,
    scale: ArrayLike,
    shift: ArrayLike,
    moving: Moments,
    *,
    epsilon: float = EPSILON,
) -> FloatArray:
    """Normalize each channel by the moving averages: an example's output is its own.

        y = scale · (x − moving mean) / √(moving variance + ε) + shift

    Args:
        x: (N, channels, *spatial).
        scale: (channels,).
        shift: (channels,).
        moving: The moving averages that training has left.
        epsilon: Added to the variance.

    Returns:
        y in the shape of x.

    Raises:
        UsageError: The shapes do not fit together.
    """
    x, scale, shift = _check(x, scale, shift, moving)
    return _normalize(x, moving, epsilon) * per_channel(scale, x.ndim) + per_channel(shift, x.ndim)


def batch_norm_prediction_backward(
    gradient: ArrayLike,
    x: ArrayLike,
    scale: ArrayLike,
    moving: Moments,
    *,
    epsilon: float = EPSILON,
) -> BatchNormGradients:
    """Return the gradients of the loss in x, scale and shift, in prediction.

        ∂L/∂x = scale / √(moving variance + ε) · ∂L/∂y

    The moving averages are constants, so the terms of training are absent.

    Args:
        gradient: ∂L/∂y, in the shape of x.
        x: (N, channels, *spatial).
        scale: (channels,).
        moving: As in `batch_norm_prediction`.
        epsilon: As in `batch_norm_prediction`.

    Raises:
        UsageError: The shapes do not fit together.
    """
    x, scale, gradient = _check_gradient(gradient, x, scale)
    slope = scale / np.sqrt(as_float(moving.variance) + epsilon)
    return BatchNormGradients(
        x=gradient * per_channel(slope, x.ndim),
        scale=(gradient * _normalize(x, moving, epsilon)).sum(axis=_all_but_channels(x)),
        shift=gradient.sum(axis=_all_but_channels(x)),
    )


def _all_but_channels(x: FloatArray) -> tuple[int, ...]:
    return (0, *range(2, x.ndim))


def _batch_moments(x: FloatArray) -> tuple[Moments, int]:
    """Return each channel's mean and variance, and how many numbers they are taken over."""
    m = x.size // x.shape[1]
    if m < 2:
        raise UsageError(
            "Batch normalization in training needs at least 2 numbers for each channel; got x of "
            f"shape {x.shape}. Use a larger batch, or the prediction form."
        )
    mean = x.mean(axis=_all_but_channels(x))
    variance = ((x - per_channel(mean, x.ndim)) ** 2).mean(axis=_all_but_channels(x))
    return Moments(mean, variance), m


def _normalize(x: FloatArray, moments: Moments, epsilon: float) -> FloatArray:
    centred = x - per_channel(as_float(moments.mean), x.ndim)
    return centred / per_channel(np.sqrt(as_float(moments.variance) + epsilon), x.ndim)


def _check(
    x: ArrayLike, scale: ArrayLike, shift: ArrayLike, moving: Moments
) -> tuple[FloatArray, FloatArray, FloatArray]:
    x, scale, shift = as_float(x), as_float(scale), as_float(shift)
    if x.ndim < 2:
        raise UsageError(f"x must have the shape (N, channels, *spatial); got {x.shape}.")
    given = {"scale": scale, "shift": shift}
    given |= {"moving mean": as_float(moving.mean), "moving variance": as_float(moving.variance)}
    for name, values in given.items():
        check_shape(name, values, x.shape[1:2], "one number for each channel")
    return x, scale, shift


def _check_gradient(
    gradient: ArrayLike, x: ArrayLike, scale: ArrayLike
) -> tuple[FloatArray, FloatArray, FloatArray]:
    scale = as_float(scale)
    x, scale, _ = _check(x, scale, scale, Moments(scale, scale))
    gradient = as_float(gradient)
    check_shape("gradient", gradient, x.shape, "that of x")
    return x, scale, gradient
