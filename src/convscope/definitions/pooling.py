"""Pooling: one number for each window, in each channel alone, without parameters.

Sources: average: LeCun et al., Proc. IEEE 1998 (subsampling, there with a learned factor);
maximum: Riesenhuber and Poggio, "Hierarchical models of object recognition in cortex", 1999.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from convscope.definitions.arrays import FloatArray, as_float, check_shape
from convscope.definitions.windows import Windows, pad, pad_backward, windows
from convscope.errors import UsageError


def max_pool(
    x: ArrayLike,
    window: int | Sequence[int],
    *,
    padding: int | Sequence[int] = 0,
    stride: int | Sequence[int] | None = None,
) -> FloatArray:
    """Take the largest number of each window.

        y[n, c, i] = max_a x[n, c, i · stride + a − padding]

    Padding is −∞: it never wins.

    Args:
        x: (N, channels, *spatial).
        window: Its size, one number or one for each spatial axis.
        padding: Added inputs on each side, at most half the window.
        stride: Inputs from one window to the next; the window's size if not given.

    Returns:
        (N, channels, *output).

    Raises:
        UsageError: Shapes or settings do not fit together.
    """
    x = as_float(x)
    slide = _check(x, window, padding, stride)
    return np.asarray(_candidates(x, slide).max(axis=0))


def max_pool_backward(
    gradient: ArrayLike,
    x: ArrayLike,
    window: int | Sequence[int],
    *,
    padding: int | Sequence[int] = 0,
    stride: int | Sequence[int] | None = None,
) -> FloatArray:
    """Return ∂L/∂x of `max_pool`: each window's gradient goes to its winner, whole.

        ∂L/∂x[n, c, k] = Σ_i ∂L/∂y[n, c, i]    over all windows i that k has won

    Of several equal winners, the first in reading order gets it, as in PyTorch.

    Args:
        gradient: ∂L/∂y, (N, channels, *output).
        x: As in `max_pool`, and so are all others.
        window: Its size.
        padding: Added inputs on each side.
        stride: Inputs from one window to the next.

    Raises:
        UsageError: Shapes or settings do not fit together.
    """
    gradient, x = as_float(gradient), as_float(x)
    slide = _check(x, window, padding, stride)
    check_shape("gradient", gradient, (*x.shape[:2], *slide.output), "that of the output")
    winner = _candidates(x, slide).argmax(axis=0)  # its number in reading order, like gradient
    in_padded = np.zeros_like(pad(x, slide.padding))
    for number, (_, where) in enumerate(slide.positions()):
        in_padded[where] += gradient * (winner == number)
    return pad_backward(in_padded, slide.padding)


def average_pool(
    x: ArrayLike,
    window: int | Sequence[int],
    *,
    padding: int | Sequence[int] = 0,
    stride: int | Sequence[int] | None = None,
) -> FloatArray:
    """Take the mean of each window.

        y[n, c, i] = 1/|window| · Σ_a x[n, c, i · stride + a − padding]

    Padding is 0 and counts, as in PyTorch. A window as large as the image is global average
    pooling.

    Args:
        x: (N, channels, *spatial).
        window: Its size, one number or one for each spatial axis.
        padding: Added inputs on each side, at most half the window.
        stride: Inputs from one window to the next; the window's size if not given.

    Returns:
        (N, channels, *output).

    Raises:
        UsageError: Shapes or settings do not fit together.
    """
    x = as_float(x)
    slide = _check(x, window, padding, stride)
    padded = pad(x, slide.padding)
    y = np.zeros((*x.shape[:2], *slide.output))
    for _, where in slide.positions():
        y += padded[where]
    return np.asarray(y / np.prod(slide.kernel))


def average_pool_backward(
    gradient: ArrayLike,
    x: ArrayLike,
    window: int | Sequence[int],
    *,
    padding: int | Sequence[int] = 0,
    stride: int | Sequence[int] | None = None,
) -> FloatArray:
    """Return ∂L/∂x of `average_pool`: each window shares its gradient out evenly.

        ∂L/∂x[n, c, k] = Σ_i ∂L/∂y[n, c, i] / |window|    over all windows i that k lies in

    Args:
        gradient: ∂L/∂y, (N, channels, *output).
        x: As in `average_pool`, and so are all others. Only its shape matters.
        window: Its size.
        padding: Added inputs on each side.
        stride: Inputs from one window to the next.

    Raises:
        UsageError: Shapes or settings do not fit together.
    """
    gradient, x = as_float(gradient), as_float(x)
    slide = _check(x, window, padding, stride)
    check_shape("gradient", gradient, (*x.shape[:2], *slide.output), "that of the output")
    in_padded = np.zeros_like(pad(x, slide.padding))
    for _, where in slide.positions():
        in_padded[where] += gradient / np.prod(slide.kernel)
    return pad_backward(in_padded, slide.padding)


def _candidates(x: FloatArray, slide: Windows) -> FloatArray:
    """Return all that compete for each maximum: (|window|, N, channels, *output)."""
    padded = pad(x, slide.padding, outside=-np.inf)
    return np.stack([padded[where] for _, where in slide.positions()])


def _check(
    x: FloatArray,
    window: int | Sequence[int],
    padding: int | Sequence[int],
    stride: int | Sequence[int] | None,
) -> Windows:
    if x.ndim < 3:
        raise UsageError(
            f"x must have the shape (N, channels, *spatial), at least 3 axes; got {x.shape}. "
            "Add the axes that count the examples and the channels: x[None, None]."
        )
    slide = windows(
        x.shape[2:], window, padding=padding, stride=window if stride is None else stride
    )
    if any(2 * p > k for p, k in zip(slide.padding, slide.kernel, strict=True)):
        raise UsageError(
            f"padding must be at most half the window, so that every window holds an input; got "
            f"{padding!r} for a window of {window!r}."
        )
    return slide
