"""Dropout: in training, silence units at random; in prediction, leave it out.

Source: Srivastava et al., "Dropout", JMLR 15, 2014; here in the form that scales up the survivors
while training, so that nothing is left to do when predicting.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from convscope.definitions.arrays import FloatArray, as_float, check_shape
from convscope.errors import UsageError


def draw_mask(
    shape: Sequence[int], probability: float, generator: np.random.Generator
) -> NDArray[np.bool_]:
    """Draw which units stay: each is dropped with the given probability, on its own.

    Args:
        shape: The shape of what the mask is for.
        probability: How likely a number is dropped, from 0 up to, but not including, 1.
        generator: Where the randomness comes from, as in `np.random.default_rng(seed)`.

    Returns:
        True where a unit stays.

    Raises:
        UsageError: The probability is out of its range.
    """
    _check_probability(probability)
    return generator.random(tuple(shape)) >= probability


def dropout(x: ArrayLike, probability: float, mask: ArrayLike) -> FloatArray:
    """Silence the units outside of the mask and scale up the others.

        y = 0 where dropped, else x / (1 − p)

    The expectation is p · 0 + (1 − p) · x / (1 − p) = x, so prediction can use x itself.

    Args:
        x: Any shape.
        probability: p, with which the mask was drawn.
        mask: True (or 1) where a unit stays, in the shape of x; see `draw_mask`.

    Raises:
        UsageError: The mask has another shape, or the probability is out of its range.
    """
    _check_probability(probability)
    x, mask = as_float(x), as_float(mask)
    check_shape("mask", mask, x.shape, "that of x")
    return x * mask / (1 - probability)


def dropout_backward(gradient: ArrayLike, probability: float, mask: ArrayLike) -> FloatArray:
    """Return ∂L/∂x of `dropout`: the gradient takes the same way back, scaled alike.

        ∂L/∂x = 0 where dropped, else ∂L/∂y / (1 − p)

    Args:
        gradient: ∂L/∂y, in the shape of x.
        probability: As in `dropout`.
        mask: As in `dropout`.

    Raises:
        UsageError: The mask has another shape, or the probability is out of its range.
    """
    _check_probability(probability)
    gradient, mask = as_float(gradient), as_float(mask)
    check_shape("gradient", gradient, mask.shape, "that of the mask")
    return gradient * mask / (1 - probability)


def _check_probability(probability: float) -> None:
    if not 0 <= probability < 1:
        raise UsageError(
            f"probability must be at least 0 and below 1 (some unit must stay); got {probability}."
        )
