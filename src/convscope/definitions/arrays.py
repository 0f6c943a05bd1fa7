"""What all definitions share: float64 arrays, named gradients, and errors about shapes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from convscope.errors import UsageError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class LayerGradients(NamedTuple):
    """The gradients of the loss in what an operation was given, each in that array's shape."""

    x: FloatArray
    weight: FloatArray
    bias: FloatArray


def as_float(values: ArrayLike) -> FloatArray:
    """Return `values` as a float64 array, so that every definition computes in one precision."""
    return np.asarray(values, dtype=np.float64)


def per_channel(values: FloatArray, axes: int) -> FloatArray:
    """Reshape (channels,) to (1, channels, 1, ...) with `axes` axes, to meet (N, channels, ...)."""
    return values.reshape(1, -1, *[1] * (axes - 2))


def check_shape(name: str, array: FloatArray, accepted: tuple[int, ...], meaning: str) -> None:
    """Refuse an array of another shape.

    Args:
        name: The argument's name.
        array: What was given.
        accepted: The shape it must have.
        meaning: What that shape stands for, as in "one number for each output channel".

    Raises:
        UsageError: The shapes differ.
    """
    if array.shape != accepted:
        raise UsageError(
            f"{name} must have the shape {accepted}, {meaning}; got the shape {array.shape}."
        )
