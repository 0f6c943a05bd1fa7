"""The forms that the arithmetic behind one number can have: there are five.

Each has a `result`, computed from the numbers it holds, and a `magnitude`: how large the numbers
are that the result is added up from. Where they cancel, the result can be much smaller, and no
float32 sum can be nearer to it than a fraction of that magnitude.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from convscope.definitions.activations import log_softmax, softmax
from convscope.definitions.arrays import FloatArray, as_float
from convscope.definitions.neuron import neuron
from convscope.graph.operations.numbers import Numbers, Product, constant
from convscope.graph.operations.words import in_brackets, number, signed


@dataclass(frozen=True)
class WeightedSum:
    """Products that are added up: a neuron without its activation.

    Attributes:
        formula: The calculation in symbols, as in "y[2, 0] = b[2] + Σ w[2, c, a] · x[c, a]".
        terms: The products; several where numbers of several layers are added up.
        bias: A single number, or none.
    """

    formula: str
    terms: tuple[Product, ...]
    bias: Numbers | None = None

    @property
    def result(self) -> float:
        """The bias and the sums of all products."""
        bias = 0.0 if self.bias is None else float(self.bias.values)
        left = np.concatenate([np.zeros(0), *(term.left.values.ravel() for term in self.terms)])
        right = np.concatenate([np.zeros(0), *(term.right.values.ravel() for term in self.terms)])
        return float(neuron(left, right, bias, activation=lambda z: z))

    @property
    def magnitude(self) -> float:
        """The sum of the absolute products, and the absolute bias."""
        bias = 0.0 if self.bias is None else abs(float(self.bias.values))
        return bias + sum(term.magnitude for term in self.terms)

    @property
    def inserted(self) -> str:
        """What is added up, in numbers: the bias, and of each layer the sum of its products."""
        parts = [] if self.bias is None else [number(float(self.bias.values))]
        for term in self.terms:
            factors = [float(side.values.ravel()[0]) for side in (term.left, term.right)]
            if term.products.size == 1 and abs(factors[1]) != 1:
                written = f"{in_brackets(factors[0])} · {in_brackets(factors[1])}"
                parts.append(f"+ {written}" if parts else written)
            else:
                parts.append(signed(term.total) if parts else number(term.total))
        if not parts:
            return "0, as nothing uses it"
        added = " ".join(parts)
        result = number(self.result)
        return result if added == result else f"{added} = {result}"

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            "form": "weighted sum",
            "terms": [term.as_dict() for term in self.terms],
            "bias": None if self.bias is None else self.bias.as_dict(),
        }


@dataclass(frozen=True)
class Extreme:
    """The largest of some numbers, or the smallest.

    Attributes:
        formula: The calculation in symbols.
        given: The numbers. Padding never wins.
        smallest: Whether the smallest is looked for.
    """

    formula: str
    given: Numbers
    smallest: bool = False

    @property
    def winner(self) -> tuple[int, ...]:
        """Position in `given.values`; of equal ones the first in reading order, as in PyTorch."""
        sign = -1.0 if self.smallest else 1.0
        running = np.where(self.given.outside, -np.inf, sign * self.given.values)
        return tuple(int(i) for i in np.unravel_index(running.argmax(), running.shape))

    @property
    def result(self) -> float:
        """The winner's value."""
        return float(self.given.values[self.winner])

    @property
    def magnitude(self) -> float:
        """The result's own."""
        return abs(self.result)

    @property
    def inserted(self) -> str:
        """Which number won."""
        return f"{self.given.label(self.winner)} = {number(self.result)}"

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            "form": "smallest" if self.smallest else "largest",
            "given": self.given.as_dict(),
            "winner": list(self.given.index(self.winner)),
        }


@dataclass(frozen=True)
class Copied:
    """A number that was moved and not changed.

    Attributes:
        formula: The calculation in symbols.
        given: The single number, or a constant.
    """

    formula: str
    given: Numbers

    @property
    def result(self) -> float:
        """The number."""
        return float(self.given.values)

    @property
    def magnitude(self) -> float:
        """The result's own."""
        return abs(self.result)

    @property
    def inserted(self) -> str:
        """The number."""
        return number(self.result)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {"form": "copy", "given": self.given.as_dict()}


@dataclass(frozen=True)
class Calculated:
    """A formula with a few numbers in it.

    Attributes:
        formula: The calculation in symbols, as in "y = max(x, 0)".
        inserted: The same in numbers.
        given: The numbers, by their symbols.
        result: What comes out.
        magnitude: How large the numbers are that the result is made from.
        curve: The function itself, to draw it, if it is one of a single number.
        first_order: Numbers that were given and the local derivatives by them, where the formula
            itself doesn't say how the result depends on each.
    """

    formula: str
    inserted: str
    given: Mapping[str, Numbers]
    result: float
    magnitude: float
    curve: Callable[[FloatArray], FloatArray] | None = None
    first_order: tuple[Product, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        given = {symbol: numbers.as_dict() for symbol, numbers in self.given.items()}
        if not self.first_order:
            return {"form": "formula", "given": given}
        slopes = [term.as_dict() for term in self.first_order]
        return {"form": "formula", "given": given, "first_order": slopes}


@dataclass(frozen=True)
class Share:
    """One probability of a softmax, or its logarithm.

    Attributes:
        formula: The calculation in symbols.
        scores: All that compete, one axis.
        own: Which of them is asked about.
        logarithm: Whether the logarithm is taken.
    """

    formula: str
    scores: Numbers
    own: int
    logarithm: bool = False

    @property
    def powers(self) -> FloatArray:
        """The powers e^x of all scores, after the largest score is taken off all of them."""
        return as_float(np.exp(self.scores.values - self.scores.values.max()))

    @property
    def probabilities(self) -> FloatArray:
        """All of them; they add up to 1."""
        return softmax(self.scores.values)

    @property
    def result(self) -> float:
        """The one that is asked about."""
        found = log_softmax(self.scores.values) if self.logarithm else self.probabilities
        return float(found[self.own])

    @property
    def magnitude(self) -> float:
        """The result's own; of the logarithm, that of the two numbers it is the difference of."""
        if not self.logarithm:
            return self.result
        distance = abs(float(self.scores.values[self.own] - self.scores.values.max()))
        return distance + float(np.log(self.powers.sum()))

    @property
    def inserted(self) -> str:
        """Power, sum of the powers, and what comes out."""
        share = f"{number(float(self.powers[self.own]))} / {number(float(self.powers.sum()))}"
        share = f"log ({share})" if self.logarithm else share
        return f"{share} = {number(self.result)}"

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            "form": "log softmax" if self.logarithm else "softmax",
            "scores": self.scores.as_dict(),
            "powers": self.powers.tolist(),
            "probabilities": self.probabilities.tolist(),
            "own": self.own,
        }


MOST_WRITTEN = 4  # numbers whose sum is written out in a formula


def mean_of(symbol: str, given: Numbers, divisor: int) -> WeightedSum:
    """A mean as a weighted sum: every number has the same share.

    Args:
        symbol: What the mean is called, as in "y[0, 2]".
        given: The numbers.
        divisor: What their sum is divided by.
    """
    values = given.values[~given.outside].ravel()
    if len(values) <= MOST_WRITTEN:
        added = f"({' + '.join(in_brackets(float(value)) for value in values)})"
    else:
        added = f"the sum of {len(values)} numbers"
    share = constant(f"1/{divisor}", np.full(given.values.shape, 1 / divisor))
    return WeightedSum(f"{symbol} = {added} / {divisor}", (Product(given, share),))


Form: TypeAlias = WeightedSum | Extreme | Copied | Calculated | Share
