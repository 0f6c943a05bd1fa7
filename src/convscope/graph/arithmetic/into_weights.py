"""Backward rules: how the gradient in an operation's output flows into one of its weights.

A weight is used at many positions, so its gradient is a sum over them: of what it was multiplied
with there, times the gradient in what it helped to compute.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from convscope.graph.arithmetic.call import Call
from convscope.graph.arithmetic.flowing import addition, multiplication
from convscope.graph.arithmetic.numbers import (
    Numbers,
    Operand,
    Place,
    Product,
    constant,
    span,
)

Index = tuple[int, ...]
Rule = Callable[[Call, str, Index, Operand], Product | None]


def flow(call: Call, role: str, place: Index, gradient: Operand) -> Product | None:
    """What flows into one weight.

    Args:
        call: The operation.
        role: The name of the argument that the weight is in, as in "bias".
        place: Where it stands there.
        gradient: The gradient of the loss in the operation's output.

    Returns:
        The products, one for each position; None if there is no rule.
    """
    rule = RULES.get(call.node.kind)
    return None if rule is None else rule(call, role, place, gradient)


def own_part(call: Call, role: str, index: Index) -> tuple[int | slice, ...]:
    """The part of a parameter that one output's number is computed with.

    Args:
        call: The operation.
        role: The name of the argument that the parameter is.
        index: Of the number, with the batch axis.
    """
    kind = call.node.kind
    if kind == "dense":
        return (index[-1],)
    if kind == "matrix product":
        return (slice(None), index[-1])
    if kind in ("convolution", "transposed convolution"):
        channel = index[-len(call.argument("kernel_size")) - 1]
        if role == "bias" or kind == "convolution":
            return (channel,)
        weight = call.given["weight"]
        group, own = divmod(channel, weight.shape[1])
        share = weight.shape[0] // call.argument("groups")
        return (slice(group * share, (group + 1) * share), own)
    if kind in ("batch norm", "instance norm", "PReLU"):
        return (index[1] if call.given[role].shape[0] > 1 else 0,)
    shape = call.given[role].shape
    last = index[len(index) - len(shape) :]
    return tuple(0 if size == 1 else spot for size, spot in zip(shape, last, strict=True))


def _spread(gradient: Operand, before: Index, channel: int, axes: int) -> Numbers:
    return gradient.numbers(*before, channel, *map(span, gradient.shape[-axes:]))


def _at_ones(given: Numbers) -> Product:
    return Product(constant("1", np.ones(given.values.shape)), given)


def _met(call: Call, sizes: Sequence[int], entry: Sequence[int]) -> list[Place]:
    """Where, along each axis, the windows at all positions have this entry of the kernel."""
    return [
        stride * span(size) - padding + dilation * at
        for size, at, (_, stride, padding, dilation) in zip(
            sizes, entry, call.windows(), strict=True
        )
    ]


def _convolution(call: Call, role: str, place: Index, gradient: Operand) -> Product:
    axes = len(call.argument("kernel_size"))
    before = (0,) * (len(gradient.shape) - axes - 1)
    given = _spread(gradient, before, place[0], axes)
    if role == "bias":
        return _at_ones(given)
    weight = call.given["weight"]
    output, own, *entry = place
    group = output // (weight.shape[0] // call.argument("groups"))
    met = _met(call, gradient.shape[-axes:], entry)
    return Product(call.given["input"].numbers(*before, group * weight.shape[1] + own, *met), given)


def _transposed_convolution(call: Call, role: str, place: Index, gradient: Operand) -> Product:
    axes = len(call.argument("kernel_size"))
    before = (0,) * (len(gradient.shape) - axes - 1)
    if role == "bias":
        return _at_ones(_spread(gradient, before, place[0], axes))
    x, weight = call.given["input"], call.given["weight"]
    channel, own, *entry = place
    group = channel // (weight.shape[0] // call.argument("groups"))
    met = _met(call, x.shape[-axes:], entry)
    left = x.numbers(*before, channel, *map(span, x.shape[-axes:]))
    return Product(left, gradient.numbers(*before, group * weight.shape[1] + own, *met))


def _dense(call: Call, role: str, place: Index, gradient: Operand) -> Product:
    before = [0 if size == 1 else span(size) for size in gradient.shape[:-1]]
    given = gradient.numbers(*before, place[0])
    if role == "bias":
        return _at_ones(given)
    return Product(call.given["input"].numbers(*before, place[1]), given)


def _matrix_product(call: Call, role: str, place: Index, gradient: Operand) -> Product | None:
    if role != "other" or len(place) != 2 or len(gradient.shape) < 2:
        return None
    before = [0 if size == 1 else span(size) for size in gradient.shape[:-1]]
    left = call.given["input"].numbers(*before, place[0])
    return Product(left, gradient.numbers(*before, place[1]))


def _batch_norm(call: Call, role: str, place: Index, gradient: Operand) -> Product:
    """By the moving statistics, or by the channel's own where a layer keeps none."""
    around: list[Place] = [0, place[0], *map(span, gradient.shape[2:])]
    given = gradient.numbers(*around)
    if role == "bias":
        return _at_ones(given)
    x = call.given["input"].numbers(*around).values
    if call.argument("training") or "running_var" not in call.given:
        mean, variance = float(x.mean()), float(x.var())
    else:
        mean = float(call.given["running_mean"].numbers(place[0]).values)
        variance = float(call.given["running_var"].numbers(place[0]).values)
    normalized = (x - mean) / np.sqrt(variance + call.argument("eps"))
    return Product(constant("(x − mean) / √(variance + ε)", normalized), given)


def _prelu(call: Call, role: str, place: Index, gradient: Operand) -> Product:
    own = call.given["weight"].shape[0] > 1
    around: list[Place] = [
        place[0] if axis == 1 and own else 0 if size == 1 else span(size)
        for axis, size in enumerate(gradient.shape)
    ]
    x = call.given["input"].numbers(*around)
    return Product(constant("min(x, 0)", np.minimum(x.values, 0)), gradient.numbers(*around))


RULES: dict[str, Rule] = {
    "convolution": _convolution,
    "transposed convolution": _transposed_convolution,
    "dense": _dense,
    "matrix product": _matrix_product,
    "batch norm": _batch_norm,
    "instance norm": _batch_norm,
    "PReLU": _prelu,
    "sum": addition,
    "difference": addition,
    "product": multiplication,
}
