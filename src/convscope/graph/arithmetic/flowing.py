"""What the backward rules share: which outputs used a number, and what it was multiplied with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from convscope.definitions.arrays import FloatArray
from convscope.graph.arithmetic.call import Call
from convscope.graph.arithmetic.numbers import (
    Numbers,
    Operand,
    Place,
    Product,
    constant,
    input_roles,
    span,
)
from convscope.graph.arithmetic.words import number

Index = tuple[int, ...]


def role_of(call: Call, source: int) -> str:
    """The name of the argument that an input is."""
    roles = input_roles(call.node)
    return roles[source] if source < len(roles) else ""


def outputs(call: Call, shape: Sequence[int], place: Index) -> list[Place]:
    """Which outputs an elementwise operation uses a number for: all that it is repeated to."""
    whole = call.node.shape
    own = [*(1,) * (len(whole) - len(shape)), *shape]
    at = [*(0,) * (len(whole) - len(shape)), *place]
    return [
        spot if small == large else span(large)
        for small, large, spot in zip(own, whole, at, strict=True)
    ]


def beside(call: Call, role: str, places: Sequence[Place]) -> FloatArray:
    """The other operand's numbers at these outputs."""
    shape = tuple(len(place) for place in places if not isinstance(place, int))
    if role not in call.given:
        return np.full(shape, float(call.argument(role)))
    operand = call.given[role]
    own = places[len(places) - len(operand.shape) :]
    found = operand.numbers(
        *(
            place if size > 1 else 0 if isinstance(place, int) else 0 * place
            for place, size in zip(own, operand.shape, strict=True)
        )
    )
    return np.broadcast_to(found.values, shape)


def times(
    left: Numbers, name: str, factor: float | FloatArray, cancels: float | FloatArray = 0.0
) -> list[Product]:
    """Gradients times a factor that is no number of the network's own.

    Args:
        left: The gradients.
        name: What the factor is.
        factor: One for all, or one for each.
        cancels: The size of what the factor is the difference of.
    """
    right = constant(name, np.broadcast_to(factor, left.values.shape))
    return [Product(left, right, float((abs(left.values) * cancels).sum()))]


def addition(call: Call, role: str, place: Index, gradient: Operand) -> Product:
    """What flows into a number of a sum or difference.

    Args:
        call: The operation.
        role: The name of the argument that the number is in.
        place: Where it stands there.
        gradient: The gradient of the loss in the operation's output.
    """
    factor = 1.0
    if role == "other":
        sign = -1.0 if call.node.kind == "difference" else 1.0
        factor = sign * float(call.argument("alpha"))
    left = gradient.numbers(*outputs(call, call.given[role].shape, place))
    return times(left, number(factor), factor)[0]


def multiplication(call: Call, role: str, place: Index, gradient: Operand) -> Product:
    """What flows into a number of a product; arguments as of `addition`."""
    other = "other" if role == "input" else "input"
    places = outputs(call, call.given[role].shape, place)
    name = call.given[other].name if other in call.given else "factor"
    return times(gradient.numbers(*places), name, beside(call, other, places))[0]
