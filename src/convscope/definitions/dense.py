"""The dense (fully connected) layer: many neurons that look at the same inputs."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from convscope.definitions.arrays import FloatArray, LayerGradients, as_float, check_shape
from convscope.errors import UsageError


def dense(x: ArrayLike, weight: ArrayLike, bias: ArrayLike | None = None) -> FloatArray:
    """Compute all weighted sums of a layer in one matrix product.

        y[n, o] = Σ_i weight[o, i] · x[n, i] + bias[o]        Y = X Wᵀ + b

    Args:
        x: (N, inputs).
        weight: One row for each neuron, (outputs, inputs), as frameworks keep it.
        bias: (outputs,), or none.

    Returns:
        (N, outputs).

    Raises:
        UsageError: The shapes do not fit together.
    """
    x, weight = as_float(x), as_float(weight)
    _check(x, weight)
    y = x @ weight.T  # (N, inputs) · (inputs, outputs)
    if bias is None:
        return np.asarray(y)
    bias = as_float(bias)
    check_shape("bias", bias, weight.shape[:1], "one number for each output")
    return np.asarray(y + bias)


def dense_backward(gradient: ArrayLike, x: ArrayLike, weight: ArrayLike) -> LayerGradients:
    """Return the gradients of the loss in a dense layer's inputs, weights and biases.

        ∂L/∂x = ∂L/∂y · W        ∂L/∂W = (∂L/∂y)ᵀ · X        ∂L/∂b = Σ_n ∂L/∂y[n]

    Args:
        gradient: ∂L/∂y, (N, outputs).
        x: (N, inputs).
        weight: (outputs, inputs).

    Raises:
        UsageError: The shapes do not fit together.
    """
    gradient, x, weight = as_float(gradient), as_float(x), as_float(weight)
    _check(x, weight)
    check_shape("gradient", gradient, (len(x), len(weight)), "that of the output")
    return LayerGradients(x=gradient @ weight, weight=gradient.T @ x, bias=gradient.sum(axis=0))


def _check(x: FloatArray, weight: FloatArray) -> None:
    if x.ndim != 2:
        raise UsageError(
            f"x must have the shape (N, inputs); got {x.shape}. Flatten images first: "
            "x.reshape(len(x), -1)."
        )
    if weight.ndim != 2 or weight.shape[1] != x.shape[1]:
        raise UsageError(
            f"weight must have the shape (outputs, {x.shape[1]}), as x has {x.shape[1]} inputs; "
            f"got the shape {weight.shape}."
        )
