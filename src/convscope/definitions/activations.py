"""Activations and their derivatives, from the simplest to the one that looks at all its inputs.

The first four act on each number alone, so their backward rule is one multiplication:
∂L/∂x = ∂L/∂y · f'(x). Softmax has a rule of its own.

Sources: ReLU for networks: Nair and Hinton, ICML 2010; softmax: Bridle, "Probabilistic
interpretation of feedforward classification network outputs", 1990.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from convscope.definitions.arrays import FloatArray, as_float, check_shape


def step(x: ArrayLike) -> FloatArray:
    """Return 1 where x > 0, else 0, in the shape of x."""
    return np.where(as_float(x) > 0, 1.0, 0.0)


def step_derivative(x: ArrayLike) -> FloatArray:
    """Return 0 everywhere: the step is flat, and at its jump (x = 0) we take 0 as well.

    That is why networks of steps cannot learn by gradients.
    """
    return np.zeros_like(as_float(x))


def sigmoid(x: ArrayLike) -> FloatArray:
    """Return 1 / (1 + e^−x), in the shape of x; between 0 and 1."""
    x = as_float(x)
    decay = np.exp(-np.abs(x))  # at most 1, so that no x overflows
    return np.where(x >= 0, 1 / (1 + decay), decay / (1 + decay))


def sigmoid_derivative(x: ArrayLike) -> FloatArray:
    """Return σ(x) · (1 − σ(x)) = σ(x) · σ(−x): at most 1/4 (at 0), nearly 0 far from it."""
    x = as_float(x)
    return sigmoid(x) * sigmoid(-x)  # 1 − σ(x) would round to 0 for large x


def tanh(x: ArrayLike) -> FloatArray:
    """Return (e^x − e^−x) / (e^x + e^−x) = 2σ(2x) − 1; between −1 and 1, centred on 0."""
    return np.tanh(as_float(x))


def tanh_derivative(x: ArrayLike) -> FloatArray:
    """Return 1 − tanh²(x) = 4 · σ'(2x): at most 1 (at 0)."""
    return 4 * sigmoid_derivative(2 * as_float(x))  # 1 − tanh² would round to 0 for large x


def relu(x: ArrayLike) -> FloatArray:
    """Return max(x, 0), the rectified linear unit, in the shape of x."""
    return np.maximum(as_float(x), 0.0)


def relu_derivative(x: ArrayLike) -> FloatArray:
    """Return 1 where x > 0, else 0 (at 0 itself, where there is none, 0 as frameworks take it)."""
    return step(x)


def softmax(x: ArrayLike, axis: int = -1) -> FloatArray:
    """Turn scores into probabilities.

        y[i] = e^x[i] / Σ_j e^x[j]

    Adding the same number to all x changes nothing, so the largest is taken off first: every
    exponent is then at most 0 and nothing overflows.

    Args:
        x: Scores.
        axis: The axis that counts the classes; the probabilities along it add up to 1.

    Returns:
        Probabilities in the shape of x, in the same order of size.
    """
    x = as_float(x)
    powers = np.exp(x - x.max(axis=axis, keepdims=True))
    return np.asarray(powers / powers.sum(axis=axis, keepdims=True))


def softmax_jacobian(x: ArrayLike) -> FloatArray:
    """Return all derivatives of a single softmax.

        ∂y[i]/∂x[j] = y[i] · ([i = j] − y[j])

    Args:
        x: Scores of one example, (classes,).

    Returns:
        (classes, classes): row i holds the derivatives of y[i].
    """
    y = softmax(x)
    return np.diag(y) - np.outer(y, y)


def softmax_backward(gradient: ArrayLike, x: ArrayLike, axis: int = -1) -> FloatArray:
    """Return ∂L/∂x of a softmax: the Jacobian times the gradient, without building the Jacobian.

        ∂L/∂x[i] = y[i] · (∂L/∂y[i] − Σ_j y[j] · ∂L/∂y[j])

    Args:
        gradient: ∂L/∂y, in the shape of x.
        x: Scores.
        axis: The axis that counts the classes.

    Raises:
        UsageError: gradient has another shape than x.
    """
    gradient, x = as_float(gradient), as_float(x)
    check_shape("gradient", gradient, x.shape, "that of x")
    y = softmax(x, axis)
    return np.asarray(y * (gradient - (y * gradient).sum(axis=axis, keepdims=True)))


def log_softmax(x: ArrayLike, axis: int = -1) -> FloatArray:
    """Return x[i] − log Σ_j e^x[j]: the logarithm of softmax, finite even where softmax is 0.

    Args:
        x: Scores.
        axis: The axis that counts the classes.
    """
    x = as_float(x)
    shifted = x - x.max(axis=axis, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True)))
