"""What functions of one number have in common: a formula, a value, a slope.

Each is registered with `register_function`, which makes its forward and backward rule of these.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from convscope.definitions.arrays import FloatArray, as_float
from convscope.graph.graph import Node
from convscope.graph.operations.call import Call, Recipient
from convscope.graph.operations.forms import Calculated
from convscope.graph.operations.numbers import (
    Index,
    Operand,
    Product,
    constant,
    scale_gradients,
    span,
)
from convscope.graph.operations.table import OperationKind, register, signature
from convscope.graph.operations.words import in_brackets, number
from convscope.graph.region import Region, align_region

Given = Mapping[str, Any]
PointRule = Callable[[FloatArray, Given], FloatArray]


class PointFunction(NamedTuple):
    """A function of one number, x. Its rules are given the arguments, as in g["alpha"].

    Attributes:
        formula: The function in symbols; {alpha} and the like stand for arguments.
        value: What comes out.
        slope: The derivative at x.
        cancels: The size of what is subtracted on the way, if the value can be far smaller.
        slope_cancels: The size of what is subtracted on the way to the slope.
    """

    formula: str
    value: PointRule
    slope: PointRule
    cancels: PointRule = lambda x, g: 0 * x
    slope_cancels: PointRule = lambda x, g: 0 * x


POINT_FUNCTIONS: dict[str, PointFunction] = {}
"""The functions by the names of their kinds."""


def register_function(
    name: str,
    functions: str,
    function: PointFunction,
    arguments: Mapping[str, Any] | None = None,
    *,
    family: str = "arithmetic",
    bind: Callable[[str, dict[str, Any]], tuple[str, dict[str, Any]]] | None = None,
) -> None:
    """Put a function of one number into the table of operations.

    Args:
        name: Its usual name.
        functions: PyTorch's names of it, with spaces between.
        function: What it computes.
        arguments: Its arguments; None: the number alone.
        family: "activation" or "arithmetic".
        bind: The kind that the arguments stand for, as in `OperationKind`.
    """
    POINT_FUNCTIONS[name] = function
    register(
        OperationKind(
            name=name,
            functions=functions,
            arguments=arguments or signature("input"),
            family=family,
            bind=bind,
            looks_at=look_elementwise,
            forward=lambda call, index: _compute(function, call, index),
            backward=lambda call, into, gradient: _flow_back(function, call, into, gradient),
            own_part=_own_part,
            way="gradient · slope",
        )
    )


def look_elementwise(node: Node, source: int, region: Region) -> Region:
    """The same positions, as one number of each input makes one of the output."""
    return align_region(region, node.inputs[source].shape)


def _own_part(call: Call, role: str, index: Index) -> Index:
    return _channel_of_weight(call, index) if role == "weight" else index


def _channel_of_weight(call: Call, index: Index) -> Index:
    """The place of the number's own weight, for PReLU: the channel's, or the only one."""
    return (index[1] if call.given["weight"].shape[0] > 1 else 0,)


def _compute(function: PointFunction, call: Call, index: Index) -> Calculated:
    given = dict(call.node.arguments)
    numbers = {"x": call.single("input", index)}
    if "weight" in call.given:
        numbers["weight"] = call.given["weight"].numbers(*_channel_of_weight(call, index))
        given["weight"] = float(numbers["weight"].values)
    x = numbers["x"].values
    result = float(function.value(as_float(x), given))
    written = {key: number(v) for key, v in given.items() if isinstance(v, int | float)}
    formula = function.formula.format_map(written)
    return Calculated(
        formula=formula,
        inserted=insert_number(formula, float(x), result),
        given=numbers,
        result=result,
        magnitude=max(abs(result), float(function.cancels(x, given))),
        curve=lambda values: function.value(values, given),
    )


def _flow_back(
    function: PointFunction, call: Call, into: Recipient, gradient: Operand
) -> list[Product]:
    given = dict(call.node.arguments)
    if into.role == "weight":
        return _flow_into_weight(call, into.place, gradient)
    if "weight" in call.given:
        weight = call.given["weight"]
        given["weight"] = float(weight.numbers(*_channel_of_weight(call, into.place)).values)
    x = call.single("input", into.place).values
    return scale_gradients(
        gradient.numbers(*into.place),
        f"slope of {call.node.kind} at {number(float(x))}",
        as_float(function.slope(x, given)),
        as_float(function.slope_cancels(x, given)),
    )


def _flow_into_weight(call: Call, place: Index, gradient: Operand) -> list[Product]:
    """A weight of PReLU scales the numbers of its channel that are below 0."""
    own = call.given["weight"].shape[0] > 1
    around = [
        place[0] if axis == 1 and own else 0 if size == 1 else span(size)
        for axis, size in enumerate(gradient.shape)
    ]
    x = call.given["input"].numbers(*around)
    below = constant("min(x, 0)", np.minimum(x.values, 0))
    return [Product(below, gradient.numbers(*around))]


def insert_number(formula: str, x: float, result: float) -> str:
    """The formula's right side with the number in place of x, and what comes out."""
    right = formula.partition("= ")[2]
    pieces: list[str] = []
    end = 0
    for spot, letter in enumerate(right):
        if letter == "x" and _is_variable(right, spot):
            bare = spot == 0 or right[spot - 1] in "(|" or right[:spot].endswith("if ")
            pieces += [right[end:spot], number(x) if bare else in_brackets(x)]
            end = spot + 1
    return f"{''.join(pieces)}{right[end:]} = {number(result)}"


def _is_variable(text: str, spot: int) -> bool:
    """Whether the x is the variable, rather than a letter of "max"."""
    around = text[max(spot - 1, 0) : spot] + text[spot + 1 : spot + 2]
    return not any(letter.isalpha() and letter.isascii() for letter in around)
