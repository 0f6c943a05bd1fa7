"""Backward rules: how the gradient in an operation's output flows into one number it was given.

Each rule gives products: gradients in numbers of the output, times how much each of these numbers
changes with the number that was given.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy as np
import torch

from convscope.definitions.activations import softmax, softmax_jacobian
from convscope.definitions.arrays import as_float
from convscope.errors import UsageError
from convscope.graph.arithmetic import into_windows as windows
from convscope.graph.arithmetic import sums
from convscope.graph.arithmetic.call import Call
from convscope.graph.arithmetic.flowing import (
    addition,
    beside,
    multiplication,
    outputs,
    role_of,
    times,
)
from convscope.graph.arithmetic.functions import FUNCTIONS
from convscope.graph.arithmetic.numbers import (
    Operand,
    Place,
    Product,
    constant,
    span,
)
from convscope.graph.arithmetic.words import number
from convscope.graph.moved import blank_inputs, is_index
from convscope.graph.operations import MOVING

Index = tuple[int, ...]
Rule = Callable[[Call, int, Index, Operand], list[Product] | None]


def flow(call: Call, source: int, place: Index, gradient: Operand) -> tuple[list[Product], bool]:
    """What flows into one number.

    Args:
        call: The operation.
        source: Which of its inputs the number belongs to.
        place: Where it stands there, with the batch axis.
        gradient: The gradient of the loss in the operation's output.

    Returns:
        The products, and whether they are explained; where there is no rule, one product that
        holds what PyTorch says.
    """
    rule = RULES.get(call.node.kind)
    found = rule(call, source, place, gradient) if rule is not None else None
    if found is not None:
        return found, True
    return [_as_pytorch_says(call, source, place, gradient)], False


def _reduced(call: Call, source: int, place: Index, gradient: Operand) -> list[Product]:
    shape = call.given["input"].shape
    gone = sums.reduced_axes(call.argument("dim"), len(shape))
    kept = [
        (0 if axis in gone else spot)
        for axis, spot in enumerate(place)
        if axis not in gone or len(call.node.shape) == len(shape)
    ]
    size = prod(shape[axis] for axis in gone) if call.node.kind == "mean" else 1
    return times(gradient.numbers(*kept), f"1/{size}" if size > 1 else "1", 1 / size)


def _by_role(
    rule: Callable[[Call, str, Index, Operand], Product],
) -> Rule:
    """A rule that is the same for inputs and weights."""
    return lambda call, source, place, gradient: [
        rule(call, role_of(call, source), place, gradient)
    ]


def _quotient(call: Call, source: int, place: Index, gradient: Operand) -> list[Product]:
    places = outputs(call, call.node.inputs[source].shape, place)
    left, below = gradient.numbers(*places), beside(call, "other", places)
    if role_of(call, source) == "input":
        return times(left, "1 / divisor", 1 / below)
    return times(left, "−dividend / divisor²", -beside(call, "input", places) / below**2)


def _function(call: Call, source: int, place: Index, gradient: Operand) -> list[Product] | None:
    given = dict(call.node.arguments)
    if call.node.kind == "PReLU":
        if role_of(call, source) != "input":
            return None
        weight = call.given["weight"]
        given["weight"] = float(weight.numbers(place[1] if weight.shape[0] > 1 else 0).values)
    x = call.single("input", place).values
    function = FUNCTIONS[call.node.kind]
    name = f"slope of {call.node.kind} at {number(float(x))}"
    return times(
        gradient.numbers(*place),
        name,
        as_float(function.slope(x, given)),
        as_float(function.slope_cancels(x, given)),
    )


def _batch_norm(call: Call, source: int, place: Index, gradient: Operand) -> list[Product] | None:
    if call.argument("training") or "running_var" not in call.given:
        return None
    if role_of(call, source) != "input":
        return None
    variance = call.given["running_var"].numbers(place[1]).values + call.argument("eps")
    scale = call.channel("weight", place[1], 1.0).values
    return times(gradient.numbers(*place), "γ / √(variance + ε)", scale / np.sqrt(variance))


def _softmax(call: Call, source: int, place: Index, gradient: Operand) -> list[Product] | None:
    dim = call.argument("dim")
    if dim is None:
        return None
    axis = dim % len(place)
    places: list[Place] = [*place]
    places[axis] = span(call.node.shape[axis])
    scores = call.given["input"].numbers(*places).values
    own, p = span(len(scores)) == place[axis], softmax(scores)
    if call.node.kind == "softmax":
        slopes = softmax_jacobian(scores)[:, place[axis]]
        cancels = p * (own + p[place[axis]])
    else:
        slopes = own - p[place[axis]]
        cancels = own + p[place[axis]]
    return times(gradient.numbers(*places), f"slopes of the {call.node.kind}", slopes, cancels)


def _same_place(call: Call, source: int, place: Index, gradient: Operand) -> list[Product] | None:
    return None if call.argument("training") else times(gradient.numbers(*place), "1", 1.0)


def _concatenation(
    call: Call, source: int, place: Index, gradient: Operand
) -> list[Product] | None:
    if call.node.parameters:
        return _moved(call, source, place, gradient)
    axis = call.argument("dim") % len(place)
    start = sum(other.shape[axis] for other in call.node.inputs[:source])
    at = (*place[:axis], start + place[axis], *place[axis + 1 :])
    return times(gradient.numbers(*at), "1", 1.0)


def _moved(call: Call, source: int, place: Index, gradient: Operand) -> list[Product] | None:
    """Where a number went is seen by moving a 1 among zeros; it can have gone to several places."""
    tensors = blank_inputs(call.node)
    if tensors is None or is_index(call.node, source):
        return None
    with torch.no_grad():
        empty = call.node.replay(*tensors).clone()  # what is padded with need not be 0
        tensors[source][place] = 1.0
        moved = (call.node.replay(*tensors) != empty).nonzero().tolist()
    return [each for at in moved for each in times(gradient.numbers(*at), "1", 1.0)]


def _as_pytorch_says(call: Call, source: int, place: Index, gradient: Operand) -> Product:
    if call.node.call is None:
        raise UsageError(
            f"How gradients flow through {call.node.name!r}, a tensor that was partly written over "
            "in place, isn't known. Ask about a later layer, or leave the way backwards out."
        )
    tensors = [
        node.value.detach().clone().requires_grad_(node.dtype.is_floating_point)
        for node in call.node.inputs
        if node.value is not None
    ]
    with torch.enable_grad():
        made = call.node.replay(*tensors)
        (found,) = torch.autograd.grad(made, tensors[source], gradient.tensor, allow_unused=True)
    value = 0.0 if found is None else float(found[place])
    return Product(
        constant(f"through {call.node.name}, as PyTorch says", value), constant("1", 1.0)
    )


RULES: dict[str, Rule] = {
    "convolution": windows.convolution,
    "transposed convolution": windows.transposed_convolution,
    "dense": windows.dense,
    "matrix product": windows.matrix_product,
    "mean": _reduced,
    "total": _reduced,
    "sum": _by_role(addition),
    "difference": _by_role(addition),
    "product": _by_role(multiplication),
    "quotient": _quotient,
    "batch norm": _batch_norm,
    "dropout": _same_place,
    "softmax": _softmax,
    "log softmax": _softmax,
    "concatenation": _concatenation,
    **dict.fromkeys(
        ("max pooling", "average pooling", "adaptive max pooling", "adaptive average pooling"),
        windows.pooling,
    ),
    **dict.fromkeys((*MOVING, "assignment"), _moved),
    **dict.fromkeys(FUNCTIONS, _function),
}
