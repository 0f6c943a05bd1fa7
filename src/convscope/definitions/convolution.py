"""True convolution: of functions, of sequences, as a layer, and written out as a dense matrix.

Each in turn is the one before with less freedom: the integral becomes a sum, the sum runs over the
few entries of a kernel, and the sum of products is a (large, repeating) matrix.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from convscope.definitions.arrays import FloatArray, LayerGradients, as_float
from convscope.definitions.cross_correlation import cross_correlation, cross_correlation_backward
from convscope.definitions.windows import pad, windows
from convscope.errors import UsageError

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from convscope.definitions.cross_correlation import Sliding


def continuous_convolution(
    f: Callable[[FloatArray], ArrayLike],
    g: Callable[[FloatArray], ArrayLike],
    t: ArrayLike,
    *,
    start: float,
    stop: float,
    intervals: int = 1000,
) -> FloatArray:
    """Convolve two functions, by the midpoint rule.

        (f∗g)(t) = ∫ f(τ) g(t − τ) dτ ≈ Σ_j f(τ_j) g(t − τ_j) h

    The arguments of f and g always add up to t. If f(τ) is how fast one eats at the time τ, and
    g(age) the share of a meal that is undigested at that age (0 for ages below 0: not yet eaten),
    then (f∗g)(t) is what is in the stomach at the time t.

    Args:
        f: Takes an array of arguments, returns the values.
        g: The second function, called as f is.
        t: Where to evaluate the convolution, any shape.
        start: Where the integral begins; outside of start and stop, f must be 0.
        stop: Where it ends.
        intervals: How many pieces, of the width h, to cut it into. The error falls with h² where
            f and g are smooth, with h where they jump within a piece.

    Returns:
        (f∗g)(t), in the shape of t.

    Raises:
        UsageError: stop is not above start, or intervals is below 1.
    """
    if not stop > start or intervals < 1:
        raise UsageError(
            "The integral needs a stop above its start and at least 1 interval; "
            f"got start {start}, stop {stop}, intervals {intervals}."
        )
    width = (stop - start) / intervals
    tau = as_float(start + width * (np.arange(intervals) + 0.5))  # (intervals,)
    products = as_float(f(tau)) * as_float(g(as_float(t)[..., None] - tau))  # (*t, intervals)
    return np.asarray(products.sum(axis=-1) * width)


def discrete_convolution(f: ArrayLike, g: ArrayLike) -> FloatArray:
    """Convolve two sequences that are 0 outside of what is given.

        y[i] = Σ_j f[j] · g[i − j]

    Args:
        f: (m,).
        g: (n,).

    Returns:
        All places where the two overlap, (m + n − 1,).

    Raises:
        UsageError: f or g is no sequence, or empty.
    """
    f, g = as_float(f), as_float(g)
    if f.ndim != 1 or g.ndim != 1 or not len(f) or not len(g):
        raise UsageError(
            "discrete_convolution takes two sequences of at least one number; "
            f"got the shapes {f.shape} and {g.shape}."
        )
    y = np.zeros(len(f) + len(g) - 1)
    for j, value in enumerate(f):
        y[j : j + len(g)] += value * g  # i − j runs through all of g
    return y


def flip(weight: ArrayLike) -> FloatArray:
    """Reverse all axes of the kernel (in two dimensions: turn it by 180°).

    Args:
        weight: (c_out, c_in / groups, *kernel).
    """
    weight = as_float(weight)
    return np.flip(weight, axis=tuple(range(2, weight.ndim)))


def convolution(
    x: ArrayLike, weight: ArrayLike, bias: ArrayLike | None = None, **settings: Unpack[Sliding]
) -> FloatArray:
    """Slide a flipped kernel over x: a layer of true convolutions.

        y[n, o, i] = bias[o] + Σ_c Σ_a weight[o, c, a] · padded[n, c, i · stride + b · dilation]
        with b = kernel − 1 − a

    It equals cross-correlation with the kernel turned by 180°; with a symmetric kernel the two are
    the same. A network that learns its kernels learns them either way round, so frameworks leave
    the flip out.

    Args:
        x: (N, c_in, *spatial).
        weight: (c_out, c_in / groups, *kernel).
        bias: (c_out,), or none.
        **settings: stride, padding, padding_mode, dilation and groups of `cross_correlation`.

    Returns:
        (N, c_out, *output).
    """
    return cross_correlation(x, flip(weight), bias, **settings)


def convolution_backward(
    gradient: ArrayLike, x: ArrayLike, weight: ArrayLike, **settings: Unpack[Sliding]
) -> LayerGradients:
    """Return the gradients of the loss in a convolution's input, kernels and bias.

    The flip only renames kernel entries, so the kernels' gradient is flipped back.

    Args:
        gradient: ∂L/∂y, (N, c_out, *output).
        x: As in `convolution`, and so are all others.
        weight: Kernels.
        **settings: As in `convolution`.
    """
    flipped = cross_correlation_backward(gradient, x, flip(weight), **settings)
    return flipped._replace(weight=flip(flipped.weight))


def cross_correlation_matrix(
    weight: ArrayLike,
    size: Sequence[int],
    *,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    padding_mode: str = "zeros",
    dilation: int | Sequence[int] = 1,
) -> FloatArray:
    """Write a cross-correlation out as the weights of a dense layer.

        matrix[o, i, c, k] = Σ weight[o, c, a]    over all a where output i meets input k

    Each row holds one kernel, at another place; all else is 0 (locality), and all rows of an output
    channel hold the same numbers (translation). Multiplied with one flattened image it gives the
    flattened output, and its transpose is the backward rule of the input:

        y = matrix · x        ∂L/∂x = matrixᵀ · ∂L/∂y

    Args:
        weight: Kernels, (c_out, c_in, *kernel); for a true convolution, `flip` them.
        size: The image's spatial axes, as in (height, width).
        stride: As in `cross_correlation`, and so are all others.
        padding: Added inputs on each side.
        padding_mode: What is added.
        dilation: Inputs from one kernel entry to the next.

    Returns:
        (c_out · outputs, c_in · inputs), with the axes of images flattened in their order.

    Raises:
        UsageError: Shapes or settings do not fit together.
    """
    weight = as_float(weight)
    if weight.ndim != 2 + len(size):
        raise UsageError(
            f"weight must be (output channels, channels, *kernel) for an image of {len(size)} "
            f"spatial axes, {2 + len(size)} axes in all; got the shape {weight.shape}."
        )
    slide = windows(size, weight.shape[2:], stride=stride, padding=padding, dilation=dilation)
    outside, outputs = int(np.prod(size)), int(np.prod(slide.output))
    numbers = np.arange(outside).reshape(1, 1, *size)  # the inputs' places in the flat image
    padded = pad(numbers, slide.padding, padding_mode, outside=outside)
    # One more column takes what falls on padding of zeros; it is cut off at the end.
    matrix = np.zeros((weight.shape[0], outputs, weight.shape[1], outside + 1))
    for entry, where in slide.positions():
        inputs = padded[where].reshape(-1)  # the input that each output meets, (outputs,)
        for i, k in enumerate(inputs):
            matrix[:, i, :, k] += weight[entry]
    return matrix[..., :outside].reshape(len(weight) * outputs, -1)
