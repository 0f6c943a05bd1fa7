"""One neuron, and the perceptron: a neuron with a step that learns from its mistakes.

Sources: McCulloch and Pitts, "A logical calculus of the ideas immanent in nervous activity", 1943;
Rosenblatt, "The perceptron", Psychological Review 65(6), 1958; Novikoff, "On convergence proofs
for perceptrons", 1962.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from convscope.definitions.activations import step
from convscope.definitions.arrays import FloatArray, LayerGradients, as_float, check_shape
from convscope.errors import UsageError


def neuron(
    x: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike = 0.0,
    activation: Callable[[FloatArray], FloatArray] = step,
) -> FloatArray:
    """Answer with the activation of the weighted sum.

        y = activation(Σ_i weight[i] · x[i] + bias)

    The bias is the weight of one more input that is always 1.

    Args:
        x: Inputs, (..., inputs).
        weight: One weight for each input, (inputs,).
        bias: A single number.
        activation: What is applied to the sum, as in `step` or `sigmoid`.

    Returns:
        The outputs, (...).

    Raises:
        UsageError: x and weight do not hold the same number of inputs.
    """
    x, weight = as_float(x), as_float(weight)
    _check_inputs(x, weight)
    return activation((x * weight).sum(axis=-1) + as_float(bias))


def neuron_backward(
    gradient: ArrayLike,
    x: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike,
    derivative: Callable[[FloatArray], FloatArray],
) -> LayerGradients:
    """Return the gradients of the loss in a neuron's inputs, weights and bias.

    With z = Σ_i weight[i] · x[i] + bias and δ = ∂L/∂y · activation'(z):

        ∂L/∂x[i] = δ · weight[i]        ∂L/∂weight[i] = Σ δ · x[i]        ∂L/∂bias = Σ δ

    The sums run over all examples, because they all use the same weights.

    Args:
        gradient: ∂L/∂y, (...).
        x: Inputs, (..., inputs).
        weight: (inputs,).
        bias: A single number.
        derivative: The derivative of the activation, as in `sigmoid_derivative`.

    Raises:
        UsageError: The shapes do not agree.
    """
    gradient, x, weight = as_float(gradient), as_float(x), as_float(weight)
    _check_inputs(x, weight)
    check_shape("gradient", gradient, x.shape[:-1], "one number for each output")
    delta = gradient * derivative((x * weight).sum(axis=-1) + as_float(bias))  # (...)
    examples = tuple(range(delta.ndim))
    return LayerGradients(
        x=delta[..., None] * weight,
        weight=np.asarray((delta[..., None] * x).sum(axis=examples)),
        bias=np.asarray(delta.sum()),
    )


class Perceptron(NamedTuple):
    """What the perceptron's rule has learned.

    Attributes:
        weight: (inputs,).
        bias: A single number.
        mistakes: Wrong predictions in each pass over the examples; ends in 0 if they were
            separated.
    """

    weight: FloatArray
    bias: float
    mistakes: list[int]

    @property
    def separates(self) -> bool:
        """Whether the last pass was free of mistakes."""
        return self.mistakes[-1] == 0


def learn_perceptron(
    x: ArrayLike, targets: ArrayLike, *, rate: float = 1.0, passes: int = 100
) -> Perceptron:
    """Learn a perceptron, one example after the other, beginning from weights of zero.

        weight ← weight + rate · (target − y) · x        bias ← bias + rate · (target − y)

    A right prediction changes nothing. The step's derivative is 0, so this is not gradient descent;
    if a line (plane, hyperplane) separates the classes, the rule finds one after finitely many
    mistakes (Novikoff); if none does, it never comes to rest.

    Args:
        x: Examples, (examples, inputs).
        targets: 0 or 1 for each example, (examples,).
        rate: The size of a correction.
        passes: How often to go through the examples at most.

    Raises:
        UsageError: The shapes do not agree, a target is not 0 or 1, or passes is below 1.
    """
    x, targets = as_float(x), as_float(targets)
    if x.ndim != 2:
        raise UsageError(f"x must have the shape (examples, inputs); got the shape {x.shape}.")
    check_shape("targets", targets, x.shape[:1], "one number for each example")
    if not np.isin(targets, (0, 1)).all():
        raise UsageError(
            f"targets must be 0 or 1; got {np.unique(targets).tolist()}. "
            "For more classes, learn one perceptron for each."
        )
    if passes < 1:
        raise UsageError(f"passes must be at least 1; got {passes}.")
    weight, bias = np.zeros(x.shape[1]), 0.0
    mistakes: list[int] = []
    while len(mistakes) < passes and 0 not in mistakes:
        mistakes.append(0)
        for example, target in zip(x, targets, strict=True):
            error = float(target - neuron(example, weight, bias))  # -1, 0 or 1
            weight = weight + rate * error * example
            bias = bias + rate * error
            mistakes[-1] += error != 0
    return Perceptron(weight, bias, mistakes)


def _check_inputs(x: FloatArray, weight: FloatArray) -> None:
    if weight.ndim != 1 or x.shape[-1:] != weight.shape:
        raise UsageError(
            f"weight must hold one number for each input; got x of shape {x.shape} (the last axis "
            f"counts the inputs) and weight of shape {weight.shape}."
        )
