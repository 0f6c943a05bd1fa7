"""The rule for every operation that nobody wrote one for: ask the operation itself.

It is run again on what it was given, in double precision where it can be. The local derivatives of
an output number by every input number say which of them it looked at and how strongly; the local
derivatives of all output numbers by one input number say how gradients flow back into it (the chain
rule). What can't be differentiated is said to have no derivative.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor

from convscope.definitions.arrays import FloatArray
from convscope.errors import UsageError
from convscope.graph.graph import Node
from convscope.graph.operations.call import Call, Recipient
from convscope.graph.operations.forms import Calculated, Form, WeightedSum
from convscope.graph.operations.numbers import (
    Index,
    Operand,
    Place,
    Product,
    constant,
    layer_operand,
)
from convscope.graph.operations.rerun import Key, Rerun, run_again, run_on_random_numbers
from convscope.graph.operations.words import number
from convscope.graph.region import Region, between

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
        places = _grid(slopes.double().numpy())
        if places is None:
            yield key, None
            continue
        numbers = operand_of(call, key).numbers(*places)
        found = _at(slopes.double().numpy(), places).reshape(numbers.values.shape)
        yield key, Product(numbers, constant("∂y/∂x", found))


def operand_of(call: Call, key: Key) -> Operand:
    """A tensor that the operation was given."""
    return layer_operand(call.node.inputs[key]) if isinstance(key, int) else call.parameter(key)


def _grid(values: FloatArray) -> list[Place] | None:
    """The least grid that holds all numbers that aren't 0; None if all are."""
    if not values.any():
        return None
    used: list[Place] = []
    for axis in range(values.ndim):
        others = tuple(a for a in range(values.ndim) if a != axis)
        along = np.flatnonzero((values != 0).any(axis=others)).astype(np.int64)
        used.append(int(along[0]) if len(along) == 1 else along)
    return used


def _at(values: FloatArray, places: Sequence[Place]) -> FloatArray:
    found: FloatArray = values[np.ix_(*(np.atleast_1d(np.asarray(place)) for place in places))]
    return found


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
    each = list(dict.fromkeys(names))
    more = f" and {len(each) - 2} more" if len(each) > 2 else ""
    return f"; ∂y/∂x follows from {', '.join(each[:2])}{more}"


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
    places = _grid(slopes)
    if places is None:
        return [Product(constant("gradient", 0.0), constant(name, 0.0), largest)]
    left = gradient.numbers(*places)
    factors = constant(name, _at(slopes, places).reshape(left.values.shape))
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


_ASKED: WeakKeyDictionary[Node, Rerun | None] = WeakKeyDictionary()


def look(node: Node, source: int, region: Region) -> Region | None:
    """What an operation looks at: what has a derivative when it is run on random numbers.

    Returns:
        None if that isn't known: the operation can't be run or differentiated, or its choice
        depends on the numbers, as in sorting, so that random ones say nothing.
    """
    again = _asked(node)
    if again is None or source not in again.differentiable:
        return None
    slopes = _dependence(again, source, region)
    if not slopes.any():
        return None
    seen = []
    for axis in range(slopes.ndim):
        others = tuple(a for a in range(slopes.ndim) if a != axis)
        seen.append(between((slopes != 0).any(axis=others)))
    return tuple(seen)


def can_look(node: Node) -> bool:
    """Whether `look` knows what the operation looks at."""
    return _asked(node) is not None


def looks_at_grids(node: Node) -> bool:
    """Whether `look` is exact: what a number depends on are whole rows and columns of each input.

    It isn't for sums along diagonals, as in folding, where it gives the least grid around them.
    """
    again = _asked(node)
    if again is None:
        return False
    middle = tuple(size // 2 for size in again.made.shape)
    sources = [key for key in again.differentiable if isinstance(key, int)]
    for slopes in again.gradients(sources, again.one_at(middle)):
        used = (slopes != 0).double().numpy()
        places = _grid(used)
        if places is not None and not _at(used, places).all():
            return False
    return True


def _dependence(again: Rerun, source: int, region: Region) -> FloatArray:
    """Derivatives of a random sum over a region of the output by all numbers of an input."""
    inside = np.ix_(*(extent.inside for extent in region))
    weights = np.zeros(tuple(again.made.shape))
    weights[inside] = np.random.default_rng(0).uniform(1, 2, weights[inside].shape)
    flowing = torch.from_numpy(weights).to(again.made.dtype)
    found: FloatArray = again.gradients([source], flowing)[0].double().numpy()
    return found


def _asked(node: Node) -> Rerun | None:
    if node not in _ASKED:
        _ASKED[node] = _ask(node)
    return _ASKED[node]


def _ask(node: Node) -> Rerun | None:
    """The operation on random numbers, if others show the same dependence of a few outputs."""
    if node.call is None or not node.inputs or 0 in node.shape:
        return None
    runs = [run_on_random_numbers(node, seed) for seed in (0, 1)]
    once, again = runs
    if once is None or again is None or not once.made.is_floating_point():
        return None
    sources = [key for key in once.differentiable if isinstance(key, int)]
    if not sources:
        return None
    for part in (0.0, 0.5, 1.0):
        index = tuple(int(part * (size - 1)) for size in once.made.shape)
        seen = [
            [found != 0 for found in run.gradients(sources, run.one_at(index))]
            for run in (once, again)
        ]
        same = all(torch.equal(a, b) for a, b in zip(*seen, strict=True))
        if not same or not any(bool(found.any()) for found in seen[0]):
            return None
    return once
