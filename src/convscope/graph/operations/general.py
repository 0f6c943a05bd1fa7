"""The rule for every operation that nobody wrote one for: ask the operation itself.

It is run again on what it was given, in double precision where it can be. The local derivatives of
an output number by every input number say how it was computed from them; the local derivatives of
all output numbers by one input number say how gradients flow back into it (the chain rule). What
can't be differentiated is said to have no derivative. What an operation looks at whatever the
numbers are is asked in `dependence`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from convscope.errors import UsageError
from convscope.graph.graph import Node
from convscope.graph.operations.call import Call, Recipient
from convscope.graph.operations.forms import Calculated, Form, WeightedSum
from convscope.graph.operations.numbers import (
    Index,
    Operand,
    Product,
    at_grid,
    constant,
    layer_operand,
    least_grid,
)
from convscope.graph.operations.rerun import Key, Rerun, run_again
from convscope.graph.operations.words import number
from convscope.look.names import join_names

ROUNDING = {torch.float64: 1e-9, torch.float32: 1e-5}
"""How far a sum may be from the number that it makes, as a share of what is added up."""


def short_name(node: Node) -> str:
    """The function's own name, as in "einsum"; of a custom one its class."""
    return node.function.removesuffix(".apply").rpartition(".")[2]


def compute(call: Call, index: Index) -> Form:
    """How an operation computed one number, to first order.

    Where the number is a sum over the numbers of one input, each times its local derivative, it is
    written as that sum: so are all operations that are linear in one of their inputs, as einsum,
    attention (in the values) and resizing are. Others are written as the formula y = NAME(…) with
    the local derivatives beside what was given.

    Raises:
        UsageError: It can't be run again, or comes out differently each time.
    """
    again = run_again(call)
    name = short_name(call.node)
    result = again.result(index)
    if again.is_random(index):
        raise UsageError(
            f"Layer {call.node.name!r} is made by {call.node.function}, which draws random numbers "
            "and gives another result each time, so it can't be asked how it came to this one."
        )
    symbol = f"y[{call.shown(index)}]"
    if any(leaf.is_complex() for leaf in again.leaves.values()):
        words = "of complex numbers, whose arithmetic isn't shown"
        return _without_derivative(f"{symbol} = {name}(…) {words}", name, result)
    if not again.differentiable:
        return _without_derivative(f"{symbol} = {name}(…), which has no derivative", name, result)
    terms = {key: term for key, term in _terms(call, again, index) if term is not None}
    if not terms:
        words = "whose local derivative is 0 by all that it was given"
        return _without_derivative(f"{symbol} = {name}(…), {words}", name, result)
    return _as_sum(call, again, index, symbol, terms) or _to_first_order(
        f"{symbol} = {name}(…)", name, result, terms
    )


def _without_derivative(formula: str, name: str, result: float) -> Calculated:
    return Calculated(formula, f"{name}(…) = {number(result)}", {}, result, abs(result))


def _terms(call: Call, again: Rerun, index: Index) -> Iterator[tuple[Key, Product | None]]:
    """Each tensor's numbers with the local derivatives of the asked number by them."""
    keys = again.differentiable
    for key, slopes in zip(keys, again.gradients(keys, again.one_at(index)), strict=True):
        places = least_grid(slopes.double().numpy())
        if places is None:
            yield key, None
            continue
        numbers = operand_of(call, key).numbers(*places)
        found = at_grid(slopes.double().numpy(), places).reshape(numbers.values.shape)
        yield key, Product(numbers, constant("∂y/∂x", found))


def operand_of(call: Call, key: Key) -> Operand:
    """A tensor that the operation was given."""
    return layer_operand(call.node.inputs[key]) if isinstance(key, int) else call.parameter(key)


def _as_sum(
    call: Call, again: Rerun, index: Index, symbol: str, terms: dict[Key, Product]
) -> WeightedSum | None:
    """The sum over one input's numbers that makes the result, beside what comes out for zeros."""
    result = again.result(index)
    for key, term in terms.items():
        zeros = {key: torch.zeros_like(again.leaves[key])}
        try:
            rest = float(again.replay(zeros)[index].detach())
        except Exception:  # noqa: S112 - an unknown function can raise anything
            continue
        allowed = ROUNDING.get(again.made.dtype, 0.02) * (term.magnitude + abs(rest))
        if not abs(term.total + rest - result) <= allowed:  # also where it isn't a number
            continue
        name = short_name(call.node)
        follow = _and_follows_from([operand_of(call, k).name for k in terms if k != key])
        bias = constant(f"{name} of zeros", rest) if rest else None
        shift = f"{name} of zeros + " if rest else ""
        formula = f"{symbol} = {shift}Σ ∂y/∂x · x, as {name} is a sum over x = {term.left.name}"
        return WeightedSum(f"{formula}{follow}", (term,), bias)
    return None


def _and_follows_from(names: Sequence[str]) -> str:
    """What the local derivatives were made from, of many the first two."""
    if not names:
        return ""
    return f"; ∂y/∂x follows from {join_names(dict.fromkeys(names), most=2)}"


def _to_first_order(
    formula: str, name: str, result: float, terms: dict[Key, Product]
) -> Calculated:
    given = {f"x{place}" if place else "x": t.left for place, t in enumerate(terms.values())}
    count = sum(term.products.size for term in terms.values())
    what = "1 number" if count == 1 else f"{count} numbers"
    return Calculated(
        formula=f"{formula} of {what}; to first order it changes by Σ ∂y/∂x · change of x",
        inserted=f"{name}(…) = {number(result)}",
        given=given,
        result=result,
        magnitude=abs(result) + sum(term.magnitude for term in terms.values()),
        first_order=tuple(terms.values()),
    )


def flow_back(call: Call, into: Recipient, gradient: Operand) -> list[Product] | None:
    """What flows into one number: Σ ∂y/∂x · gradient over the output's numbers y.

    What the operation adds up inside isn't known, so its rounding is taken to be that of the
    largest gradient that it gives to any number of the tensor.

    Returns:
        The products, none if nothing depends on the number; None where the local derivatives can't
        be had one by one.
    """
    again = run_again(call)
    key = _key(into)
    if key not in again.differentiable:
        return []
    if again.made.is_complex():
        return None
    flowing = _flowing(again, gradient)
    found = again.slopes_by(key, into.place, flowing)
    if found is None:
        return None
    largest = float(again.gradients([key], flowing)[0].abs().max())
    slopes = found.double().numpy()
    name = f"∂y/∂x of {short_name(call.node)}"
    places = least_grid(slopes)
    if places is None:
        return [Product(constant("gradient", 0.0), constant(name, 0.0), largest)]
    left = gradient.numbers(*places)
    factors = constant(name, at_grid(slopes, places).reshape(left.values.shape))
    return [Product(left, factors, largest)]


def flow_back_as_a_whole(call: Call, into: Recipient, gradient: Operand) -> Product:
    """What flows into one number as PyTorch says, where it can't be taken apart."""
    again = run_again(call)
    value = float(again.gradients([_key(into)], _flowing(again, gradient))[0][into.place])
    words = f"through {call.node.name}, as PyTorch says"
    return Product(constant(words, value), constant("1", 1.0))


def _key(into: Recipient) -> Key:
    return into.role if into.source is None else into.source


def _flowing(again: Rerun, gradient: Operand) -> Tensor:
    return gradient.tensor.detach().cpu().to(again.made.dtype)


def used_part(call: Call, role: str, index: Index) -> Tensor:
    """Which numbers of a parameter one output's number is computed with: bool, in its shape."""
    again = run_again(call)
    if role not in again.differentiable:
        return torch.zeros(again.leaves[role].shape, dtype=torch.bool)
    return again.gradients([role], again.one_at(index))[0] != 0
