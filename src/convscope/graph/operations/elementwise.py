"""Arithmetic of single numbers: sums, products, limits, choices.

One number of each input makes one of the output; an input that has a single number along an axis is
repeated there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from convscope.definitions.arrays import FloatArray
from convscope.graph.graph import Node
from convscope.graph.operations.call import Call, Recipient
from convscope.graph.operations.forms import Calculated, Copied, Form, WeightedSum
from convscope.graph.operations.numbers import (
    Index,
    Operand,
    Place,
    Product,
    align_index,
    constant,
    scale_gradients,
    span,
)
from convscope.graph.operations.pointwise import look_elementwise
from convscope.graph.operations.table import OperationKind, register, signature
from convscope.graph.operations.words import in_brackets, number


def _own_part(call: Call, role: str, index: Index) -> Index:
    return align_index(index, call.given[role].shape)


def _used_for(call: Call, into: Recipient) -> list[Place]:
    """Which outputs a number is used for: all that it is repeated to."""
    whole = call.node.shape
    shape = call.given[into.role].shape
    own = [*(1,) * (len(whole) - len(shape)), *shape]
    at = [*(0,) * (len(whole) - len(shape)), *into.place]
    return [
        spot if small == large else span(large)
        for small, large, spot in zip(own, whole, at, strict=True)
    ]


def _beside(call: Call, role: str, places: Sequence[Place]) -> FloatArray:
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


def _factor(call: Call) -> float:
    """What the second of two numbers is multiplied with before they are added."""
    sign = -1.0 if call.node.kind == "difference" else 1.0
    return sign * float(call.argument("alpha"))


def add(call: Call, index: Index) -> WeightedSum:
    """The sum or difference of two numbers, the second times alpha."""
    factor = _factor(call)
    one, other = (call.single(role, index) for role in ("input", "other"))
    times = {1.0: "+ ", -1.0: "− "}.get(factor, f"+ {factor:g} · ")
    formula = f"y[{call.shown(index)}] = {one.label()} {times}{other.label()}"
    names = {1.0: "1", -1.0: "−1"}
    second = constant(names.get(factor, f"{factor:g}"), factor)
    return WeightedSum(formula, (Product(one, constant("1", 1.0)), Product(other, second)))


def _flow_through_sum(call: Call, into: Recipient, gradient: Operand) -> list[Product]:
    factor = _factor(call) if into.role == "other" else 1.0
    return scale_gradients(gradient.numbers(*_used_for(call, into)), number(factor), factor)


def multiply(call: Call, index: Index) -> WeightedSum:
    """The product of two numbers, as where a gate scales a map."""
    one, other = (call.single(role, index) for role in ("input", "other"))
    formula = f"y[{call.shown(index)}] = {one.label()} · {other.label()}"
    return WeightedSum(formula, (Product(one, other),))


def _flow_through_product(call: Call, into: Recipient, gradient: Operand) -> list[Product]:
    other = "other" if into.role == "input" else "input"
    places = _used_for(call, into)
    name = call.given[other].name if other in call.given else "factor"
    return scale_gradients(gradient.numbers(*places), name, _beside(call, other, places))


def _divide(call: Call, index: Index) -> Calculated | None:
    if call.argument("rounding_mode") is not None:
        return None
    return _of_two("{} / {}", "other", lambda a, b: a / b)(call, index)


def _flow_through_quotient(call: Call, into: Recipient, gradient: Operand) -> list[Product] | None:
    if call.argument("rounding_mode") is not None:
        return None
    places = _used_for(call, into)
    left, below = gradient.numbers(*places), _beside(call, "other", places)
    if into.role == "input":
        return scale_gradients(left, "1 / divisor", 1 / below)
    return scale_gradients(left, "−dividend / divisor²", -_beside(call, "input", places) / below**2)


def _of_two(
    symbol: str, second: str, compute: Callable[[float, float], float]
) -> Callable[[Call, Index], Calculated]:
    """The rule of a function of two numbers."""

    def forward(call: Call, index: Index) -> Calculated:
        one, other = call.single("input", index), call.single(second, index)
        result = float(compute(float(one.values), float(other.values)))
        words = symbol.format(in_brackets(float(one.values)), in_brackets(float(other.values)))
        return Calculated(
            formula=f"y[{call.shown(index)}] = {symbol.format(one.label(), other.label())}",
            inserted=f"{words} = {number(result)}",
            given={"x": one, second: other},
            result=result,
            magnitude=abs(result),
        )

    return forward


def clamp(call: Call, index: Index) -> Calculated:
    """The number itself within two limits, of which one may be missing."""
    given = {"x": call.single("input", index)}
    for limit in ("min", "max"):
        if call.node.arguments.get(limit) is not None or limit in call.given:
            given[limit] = call.single(limit, index)
    numbers = {symbol: float(each.values) for symbol, each in given.items()}
    result = numbers["x"]
    formula, words = "x", number(numbers["x"])
    for limit, compute, word in (("min", max, "max"), ("max", min, "min")):
        if limit in numbers:
            result = compute(result, numbers[limit])
            formula = f"{word}({formula}, {given[limit].label()})"
            words = f"{word}({words}, {number(numbers[limit])})"
    return Calculated(f"y = {formula}", f"{words} = {number(result)}", given, result, abs(result))


def choose(call: Call, index: Index) -> Copied:
    """One of two numbers, as a condition says."""
    holds = bool(call.single("condition", index).values)
    given = call.single("input" if holds else "other", index)
    return Copied(f"y[{call.shown(index)}] = {given.label()}, as the condition says", given)


def drop(call: Call, index: Index) -> Form:
    """Nothing, when predicting; if a network drops units even then, what happened to this one."""
    given = call.single("input", index)
    if not call.argument("training") or not call.argument("p"):
        return Copied(f"y[{call.shown(index)}] = {given.label()}", given)
    assert call.node.value is not None, "the image was real"  # noqa: S101
    stays = float(call.node.value[index]) != 0
    x, p = float(given.values), float(call.argument("p"))
    result = x / (1 - p) if stays else 0.0
    return Calculated(
        formula="y = x / (1 − p), or 0 for a unit that is dropped",
        inserted=f"{number(x)} / (1 − {number(p)}) = {number(result)}" if stays else "dropped: 0",
        given={"x": given},
        result=result,
        magnitude=abs(result),
    )


def _flow_through_dropout(call: Call, into: Recipient, gradient: Operand) -> list[Product] | None:
    if call.argument("training"):
        return None
    return scale_gradients(gradient.numbers(*into.place), "1", 1.0)


def _bind_reversed(kind: str) -> Callable[[str, dict[str, Any]], tuple[str, dict[str, Any]]]:
    """As in 1 - x, which asks x to be subtracted from 1."""

    def bind(name: str, bound: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        if name.lstrip("_").startswith("r"):
            bound |= {"input": bound["other"], "other": bound["input"]}
        return kind, bound

    return bind


def _joins(node: Node) -> str | None:
    return node.kind if len(node.image_inputs) > 1 else None


def _register(name: str, functions: str, arguments: dict[str, Any], **rules: Any) -> None:
    register(
        OperationKind(
            name=name,
            functions=functions,
            arguments=arguments,
            family="arithmetic",
            looks_at=look_elementwise,
            own_part=_own_part,
            **rules,
        )
    )


_TWO = signature("input", "other")

_register(
    "sum",
    "add",
    signature("input", "other", alpha=1),
    forward=add,
    backward=_flow_through_sum,
    part=_joins,
)
_register(
    "difference",
    "sub subtract __rsub__ rsub",
    signature("input", "other", alpha=1),
    bind=_bind_reversed("difference"),
    forward=add,
    backward=_flow_through_sum,
)
_register(
    "product",
    "mul multiply",
    _TWO,
    forward=multiply,
    backward=_flow_through_product,
    way="gradient · the other factor",
    part=_joins,
)
_register(
    "quotient",
    "div divide true_divide __rtruediv__ __rdiv__",
    signature("input", "other", rounding_mode=None),
    bind=_bind_reversed("quotient"),
    forward=_divide,
    backward=_flow_through_quotient,
    way="gradient · slope",
)
_register(
    "power",
    "pow",
    signature("input", "exponent"),
    forward=_of_two("{}^{}", "exponent", lambda a, b: a**b),
)
_register("larger of two", "maximum", _TWO, forward=_of_two("max({}, {})", "other", max))
_register("smaller of two", "minimum", _TWO, forward=_of_two("min({}, {})", "other", min))
_register("clamp", "clamp clip", signature("input", min=None, max=None), forward=clamp)
_register("comparison", "gt ge lt le eq ne greater less", _TWO)
_register("choice", "where", signature("condition", input=None, other=None), forward=choose)
_register(
    "dropout",
    "dropout dropout1d dropout2d dropout3d alpha_dropout feature_alpha_dropout",
    signature("input", p=0.5, training=True),
    forward=drop,
    backward=_flow_through_dropout,
)
