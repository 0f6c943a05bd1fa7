"""The loss that gradients are of, and where it starts: at the network's output."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch.nn.functional as F
from torch import Tensor, tensor

from convscope.definitions.activations import softmax
from convscope.definitions.arrays import FloatArray, as_float
from convscope.definitions.losses import cross_entropy
from convscope.errors import UsageError
from convscope.graph.graph import Graph
from convscope.graph.operations.forms import Calculated
from convscope.graph.operations.numbers import constant
from convscope.graph.operations.words import number


@dataclass(frozen=True)
class Loss:
    """Cross-entropy: the negative logarithm of the probability of the right class.

    Attributes:
        label: The class taken as right.
        predicted: The class that the network gives the most.
        value: The loss.
        probabilities: The probabilities of all classes.
        returns: What the network returns: "logits", "probabilities" or "log probabilities".
        tensor: The loss with its gradient graph.
    """

    label: int
    predicted: int
    value: float
    probabilities: FloatArray
    returns: str
    tensor: Tensor = field(repr=False)

    def slope(self, unit: int) -> Calculated:
        """How the loss depends on one number that the network returns."""
        p, right = float(self.probabilities[unit]), float(unit == self.label)
        if self.returns == "logits":
            result = p - right
            why = "it is the label" if right else "it is not the label"
            formula = f"∂L/∂z[{unit}] = p[{unit}] − {right:.0f}, as {why}"
            words = f"{number(p)} − {right:.0f} = {number(result)}"
            return Calculated(
                formula, words, {f"p[{unit}]": constant("softmax", p)}, result, p + right
            )
        result = 0.0 if not right else -1.0 if self.returns == "log probabilities" else -1 / p
        symbol = "log p" if self.returns == "log probabilities" else "p"
        formula = f"∂L/∂{symbol}[{unit}] = " + (
            "0, as it is not the label" if not right else "−1" if symbol == "log p" else "−1 / p"
        )
        return Calculated(formula, number(result), {}, result, abs(result))

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            "label": self.label,
            "predicted": self.predicted,
            "value": self.value,
            "probability": float(self.probabilities[self.label]),
        }


def compute_loss(graph: Graph, label: int | None) -> Loss:
    """The loss of the network's output.

    Args:
        graph: Captured with one image and gradients.
        label: The right class; None takes the predicted one.

    Raises:
        UsageError: The network does not return class scores, or there is no such class.
    """
    result = graph.result
    if result is None or result.dim() != 2 or len(result) != 1:
        raise UsageError(
            f"The way backwards starts at class scores (1, classes), and {graph.network} returns a "
            f"tensor of shape {graph.output.shape}. Wrap it in a module that returns class scores."
        )
    classes = result.shape[1]
    if label is not None and not 0 <= label < classes:
        raise UsageError(f"The label must be a class from 0 to {classes - 1}; given {label}.")
    scores = as_float(result.detach().double().cpu().numpy())[0]  # (classes,)
    predicted = int(scores.argmax())
    label = predicted if label is None else label
    right = tensor([label], device=result.device)
    if graph.output.kind == "log softmax":
        returns, loss = "log probabilities", F.nll_loss(result, right)
        probabilities, value = np.exp(scores), float(-scores[label])
    elif graph.output.kind == "softmax":
        returns, loss = "probabilities", F.nll_loss(result.log(), right)
        probabilities, value = scores, float(-np.log(scores[label]))
    else:
        returns, loss = "logits", F.cross_entropy(result, right)
        probabilities, value = softmax(scores), cross_entropy(scores[None], [label])
    return Loss(label, predicted, value, probabilities, returns, loss)
