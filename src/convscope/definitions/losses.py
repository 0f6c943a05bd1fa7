"""Losses: one number for how wrong a batch of predictions is, and its gradient.

Each takes `reduction`: "mean" over the batch, or "sum".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from convscope.definitions.activations import log_softmax, softmax
from convscope.definitions.arrays import FloatArray, IntArray, as_float, check_shape
from convscope.errors import UsageError, unknown_name


def squared_error(prediction: ArrayLike, target: ArrayLike, *, reduction: str = "mean") -> float:
    """Return the squared differences.

        L = Σ (prediction − target)²,    for "mean" divided by how many numbers there are

    Args:
        prediction: Any shape.
        target: The same shape.
        reduction: "mean" or "sum".

    Raises:
        UsageError: The shapes differ, or the reduction is unknown.
    """
    prediction, target = as_float(prediction), as_float(target)
    check_shape("target", target, prediction.shape, "that of prediction")
    return float(((prediction - target) ** 2).sum() / _divisor(prediction.size, reduction))


def squared_error_backward(
    prediction: ArrayLike, target: ArrayLike, *, reduction: str = "mean"
) -> FloatArray:
    """Return ∂L/∂prediction = 2 · (prediction − target), for "mean" divided as the loss is.

    Args:
        prediction: As in `squared_error`, and so are all others.
        target: The same shape.
        reduction: "mean" or "sum".

    Raises:
        UsageError: The shapes differ, or the reduction is unknown.
    """
    prediction, target = as_float(prediction), as_float(target)
    check_shape("target", target, prediction.shape, "that of prediction")
    return np.asarray(2 * (prediction - target) / _divisor(prediction.size, reduction))


def cross_entropy(scores: ArrayLike, labels: ArrayLike, *, reduction: str = "mean") -> float:
    """Return how surprised the softmax of the scores is by the labels.

        L = Σ_n −log softmax(scores[n])[labels[n]],    for "mean" divided by N

    With K classes and equal scores it is log K.

    Args:
        scores: Before softmax (logits), (N, classes).
        labels: The right class of each example, 0 to classes − 1, (N,).
        reduction: "mean" or "sum".

    Raises:
        UsageError: Shapes or labels don't fit, or the reduction is unknown.
    """
    scores, labels = _check(scores, labels)
    surprise = -log_softmax(scores)[np.arange(len(labels)), labels]  # (N,)
    return float(surprise.sum() / _divisor(len(labels), reduction))


def cross_entropy_backward(
    scores: ArrayLike, labels: ArrayLike, *, reduction: str = "mean"
) -> FloatArray:
    """Return ∂L/∂scores = softmax(scores) − onehot(labels), for "mean" divided by N.

    What the network believes minus what is true: softmax's Jacobian and the logarithm cancel.

    Args:
        scores: As in `cross_entropy`, and so are all others.
        labels: (N,).
        reduction: "mean" or "sum".

    Returns:
        (N, classes).

    Raises:
        UsageError: Shapes or labels don't fit, or the reduction is unknown.
    """
    scores, labels = _check(scores, labels)
    onehot = np.eye(scores.shape[1])[labels]  # (N, classes)
    return np.asarray((softmax(scores) - onehot) / _divisor(len(labels), reduction))


def _divisor(count: int, reduction: str) -> int:
    divisors = {"mean": count, "sum": 1}
    if reduction not in divisors:
        raise unknown_name("reduction", reduction, divisors)
    return divisors[reduction]


def _check(scores: ArrayLike, labels: ArrayLike) -> tuple[FloatArray, IntArray]:
    scores, numbers = as_float(scores), as_float(labels)
    if scores.ndim != 2:
        raise UsageError(f"scores must have the shape (N, classes); got {scores.shape}.")
    check_shape("labels", numbers, scores.shape[:1], "one class for each example")
    classes = scores.shape[1]
    wrong = numbers[~np.isin(numbers, np.arange(classes))]
    if wrong.size:
        raise UsageError(
            f"labels must be whole numbers from 0 to {classes - 1}, as scores has {classes} "
            f"classes; got {wrong[0]:g}."
        )
    return scores, numbers.astype(np.int64)
