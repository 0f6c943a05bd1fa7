"""The way backwards: the gradient of the loss in one number of a network, as a sum.

A number of a layer gets a part from every operation that used it, and a weight one from every
position that it was used at. What flows is taken from PyTorch's gradients in the outputs of those
operations; the step from there is written out, and the sum compared with PyTorch's gradient.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from convscope.errors import UsageError, unknown_name
from convscope.graph.arithmetic import flow_back
from convscope.graph.graph import Graph, Node
from convscope.graph.operations.call import Call, Recipient
from convscope.graph.operations.forms import Calculated, WeightedSum
from convscope.graph.operations.numbers import Operand, Product
from convscope.graph.operations.words import number
from convscope.inspection.unit.loss import Loss
from convscope.inspection.unit.steps import RELATIVE_ERROR, relative_error

WEIGHT_WAY = "what it met · gradient"


@dataclass(frozen=True)
class NumberGradient:
    """The gradient of the loss in one number.

    Attributes:
        name: The number's layer, or the parameter's path.
        index: The number's place, without the batch axis.
        is_weight: Whether it is a parameter's.
        value: What PyTorch computed.
        form: The arithmetic.
        through: The layers it flows through to the number.
        error: How far the explained gradient is from PyTorch's, as a share of the sum of the
            absolute products.
        allowed: The most that rounding explains.
        unexplained: Layers whose part is not written out, but what PyTorch says.
        ways: How it flows back, in words, each with the layers that it flows through in this way.
    """

    name: str
    index: tuple[int, ...]
    is_weight: bool
    value: float
    form: WeightedSum | Calculated
    through: tuple[str, ...]
    error: float
    allowed: float
    unexplained: tuple[str, ...] = ()
    ways: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether the explained gradient is PyTorch's, but for rounding."""
        return self.error <= self.allowed

    @property
    def label(self) -> str:
        """The number's name, as in "conv1.weight[2, 0, 1, 1]"."""
        return f"{self.name}[{', '.join(map(str, self.index))}]"

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            "name": self.name,
            "index": list(self.index),
            "is_weight": self.is_weight,
            "value": self.value,
            "explained": self.form.result,
            "relative_error": self.error,
            "agrees": self.agrees,
            "through": list(self.through),
            "unexplained": list(self.unexplained),
            "formula": self.form.formula,
            "in_numbers": self.form.inserted,
            "arithmetic": self.form.as_dict(),
        }


def explain_number_gradient(
    graph: Graph, loss: Loss, node: Node, index: tuple[int, ...]
) -> NumberGradient:
    """Where the gradient in one number of a layer comes from.

    Args:
        graph: Captured with one image and gradients.
        loss: What is differentiated.
        node: The layer.
        index: The number's place, with the batch axis.
    """
    users = [user for user in graph.users(node) if user.edge is not None]
    gradients = graph.gradients(loss.tensor, [node, *users])
    value = float(gradients[0][index])
    terms: list[Product] = []
    ways: dict[str, list[str]] = {}  # how it flows back, and through which layers
    unexplained = []
    for user, tensor in zip(users, gradients[1:], strict=True):
        call = Call(graph, user)
        flowing = Operand(user.name, tensor, user, is_gradient=True)
        for source, other in enumerate(user.inputs):
            if other is node:
                flow = flow_back(call, call.recipient(source, index), flowing)
                terms += flow.products
                unexplained += [] if flow.explained else [user.name]
                through = ways.setdefault(flow.way, [])
                through += [] if user.name in through else [user.name]
    label = node.unit_index(index)
    form: WeightedSum | Calculated
    if node is graph.output:
        form = loss.slope(index[-1])
    else:
        form = WeightedSum(_words(ways), tuple(terms))
    return NumberGradient(
        name=node.name,
        index=label,
        is_weight=False,
        value=value,
        form=form,
        through=tuple(user.name for user in users),
        error=relative_error(form.result, value, form.magnitude),
        allowed=RELATIVE_ERROR.get(node.dtype, 0.05),
        unexplained=tuple(unexplained),
        ways=tuple((way, tuple(names)) for way, names in ways.items()),
    )


def explain_probability_gradient(loss: Loss, unit: int, layer: str) -> NumberGradient:
    """The gradient in a probability of a softmax that the network leaves to the loss.

    Args:
        loss: What is differentiated.
        unit: The class that the probability is of.
        layer: What the softmax is called.
    """
    p = torch.tensor(loss.probabilities, requires_grad=True)
    (gradient,) = torch.autograd.grad(-p[loss.label].log(), p)
    value = float(gradient[unit])
    share = float(loss.probabilities[unit])
    is_label = unit == loss.label
    result = -1 / share if is_label else 0.0
    form = Calculated(
        formula=f"L = −log p[{loss.label}], "
        + (f"so ∂L/∂p[{unit}] = −1 / p[{unit}]" if is_label else f"where p[{unit}] isn't in"),
        inserted=f"−1 / {number(share)} = {number(result)}" if is_label else "0",
        given={},
        result=result,
        magnitude=abs(result),
    )
    error = relative_error(result, value, abs(result))
    return NumberGradient(
        name=layer,
        index=(unit,),
        is_weight=False,
        value=value,
        form=form,
        through=(),
        error=error,
        allowed=RELATIVE_ERROR[p.dtype],
    )


def explain_weight_gradient(
    graph: Graph, loss: Loss, path: str, index: tuple[int, ...]
) -> NumberGradient:
    """Where the gradient in one weight comes from; of a tied weight, from all of its uses.

    Raises:
        UsageError: There is no such weight, or an operation that uses it can't be asked.
    """
    if path not in graph.parameter_names:
        raise unknown_name(f"parameter of {graph.network}:", path, graph.parameter_names)
    weight = graph.weights[path]
    check_weight(path, tuple(weight.shape), index)
    users = [node for node in graph if path in node.parameters.values() and node.edge is not None]
    own, *gradients = graph.gradients(loss.tensor, [path, *users])
    terms: list[Product] = []
    ways: dict[str, list[str]] = {}
    unexplained = []
    for user, tensor in zip(users, gradients, strict=True):
        call = Call(graph, user)
        for role in (role for role, name in user.parameters.items() if name == path):
            flowing = Operand(user.name, tensor, user, is_gradient=True)
            flow = flow_back(call, Recipient(role, None, index), flowing)
            terms += flow.products
            unexplained += [] if flow.explained else [user.name]
            way = WEIGHT_WAY if flow.by_rule else flow.way
            through = ways.setdefault(way, [])
            through += [] if user.name in through else [user.name]
    value = float(own[index])
    count = sum(term.products.size for term in terms)
    over = f", summed over the {count} positions where it is used" if count > 1 else ""
    form = WeightedSum(f"{_words(ways)}{over}", tuple(terms))
    return NumberGradient(
        name=path,
        index=index,
        is_weight=True,
        value=value,
        form=form,
        through=tuple(user.name for user in users),
        error=relative_error(form.result, value, form.magnitude),
        allowed=RELATIVE_ERROR.get(weight.dtype, 0.05),
        unexplained=tuple(unexplained),
        ways=tuple((way, tuple(names)) for way, names in ways.items()),
    )


def _words(ways: dict[str, list[str]]) -> str:
    """How the gradient flows back through operations, in words."""
    if not ways:
        return "nothing that the loss depends on uses it"
    return "; ".join(f"through {', '.join(names)}: {way}" for way, names in ways.items())


def check_weight(path: str, shape: tuple[int, ...], index: tuple[int, ...]) -> None:
    """Refuse an index that a parameter doesn't have.

    Raises:
        UsageError: It has another number of axes, or is outside.
    """
    fits = len(index) == len(shape) and all(
        0 <= i < size for i, size in zip(index, shape, strict=True)
    )
    if not fits:
        raise UsageError(
            f"Parameter {path!r} has the shape {shape}, so its last weight is at "
            f"{tuple(size - 1 for size in shape)}; given {index}."
        )
