"""Functions of one number, with their slopes: activations and the simple arithmetic around them.

`g` holds the arguments of the call, as in g["alpha"], and of PReLU the weight.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from convscope.definitions import activations as define
from convscope.definitions.arrays import FloatArray, as_float
from convscope.graph.arithmetic.words import in_brackets, number

Given = Mapping[str, Any]
Rule = Callable[[FloatArray, Given], FloatArray]


class PointFunction(NamedTuple):
    """A function of one number.

    Attributes:
        formula: In symbols; {alpha} and the like stand for arguments.
        value: Of x.
        slope: The derivative at x.
        cancels: The size of what is subtracted on the way, if the value can be far smaller.
        slope_cancels: The same for the slope.
    """

    formula: str
    value: Rule
    slope: Rule
    cancels: Rule = lambda x, g: 0 * x
    slope_cancels: Rule = lambda x, g: 0 * x


def said(function: PointFunction, given: Given) -> str:
    """The formula with the call's arguments in it."""
    numbers = {key: number(v) for key, v in given.items() if isinstance(v, int | float)}
    return function.formula.format_map(numbers)


def inserted(formula: str, x: float, result: float) -> str:
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


def _of_each(function: Callable[[float], float]) -> Callable[[FloatArray], FloatArray]:
    def applied(x: FloatArray) -> FloatArray:
        return np.array([function(v) for v in x.ravel()]).reshape(x.shape)

    return applied


_error_function = _of_each(math.erf)


def _bell(x: FloatArray) -> FloatArray:
    """The share Φ(x) of a standard normal distribution that is below x."""
    return 0.5 * (1 + _error_function(x / math.sqrt(2)))


def _gelu(x: FloatArray, g: Given) -> FloatArray:
    if g.get("approximate") != "tanh":
        return x * _bell(x)
    return 0.5 * x * (1 + define.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def _gelu_slope(x: FloatArray, g: Given) -> FloatArray:
    if g.get("approximate") != "tanh":
        return _bell(x) + x * np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)
    inner = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
    inner_slope = math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * x**2)
    outer = 0.5 * x * define.tanh_derivative(inner) * inner_slope
    return 0.5 * (1 + define.tanh(inner)) + outer


def _softplus(x: FloatArray) -> FloatArray:
    return np.logaddexp(0.0, x)


def _mish_slope(x: FloatArray, g: Given) -> FloatArray:
    inner = define.tanh(_softplus(x))
    return inner + x * (1 - inner**2) * define.sigmoid(x)


def _softplus_of(x: FloatArray, g: Given) -> FloatArray:
    steep = g["beta"] * x
    return np.where(steep > g["threshold"], x, _softplus(steep) / g["beta"])


def _softplus_slope(x: FloatArray, g: Given) -> FloatArray:
    steep = g["beta"] * x
    return np.where(steep > g["threshold"], 1.0, define.sigmoid(steep))


def _between(low: float, high: float) -> Rule:
    return lambda x, g: as_float((x > low) & (x < high))


def _bent(below: Rule, above: Rule = lambda x, g: x) -> Rule:
    """One rule for x > 0 and another for the rest."""

    def value(x: FloatArray, g: Given) -> FloatArray:
        return np.where(x > 0, above(np.maximum(x, 0), g), below(np.minimum(x, 0), g))

    return value


def _one(x: FloatArray, g: Given) -> FloatArray:
    return np.ones_like(x)


def _size(x: FloatArray, g: Given) -> FloatArray:
    return abs(x)


def _one_and_size(x: FloatArray, g: Given) -> FloatArray:
    return 1 + abs(x)


_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772, 1.0507009873554805  # Klambauer et al., 2017

FUNCTIONS: dict[str, PointFunction] = {
    "ReLU": PointFunction(
        "y = max(x, 0)", lambda x, g: define.relu(x), lambda x, g: define.relu_derivative(x)
    ),
    "ReLU6": PointFunction(
        "y = min(max(x, 0), 6)", lambda x, g: np.clip(x, 0, 6), _between(0, 6)
    ),
    "hard tanh": PointFunction(
        "y = min(max(x, {min_val}), {max_val})",
        lambda x, g: np.clip(x, g["min_val"], g["max_val"]),
        lambda x, g: as_float((x > g["min_val"]) & (x < g["max_val"])),
    ),
    "leaky ReLU": PointFunction(
        "y = x if x > 0 else {negative_slope} · x",
        _bent(lambda x, g: g["negative_slope"] * x),
        _bent(lambda x, g: g["negative_slope"] * np.ones_like(x), _one),
    ),
    "PReLU": PointFunction(
        "y = x if x > 0 else {weight} · x",
        _bent(lambda x, g: g["weight"] * x),
        _bent(lambda x, g: g["weight"] * np.ones_like(x), _one),
    ),
    "ELU": PointFunction(
        "y = x if x > 0 else {alpha} · (e^x − 1)",
        _bent(lambda x, g: g["alpha"] * np.expm1(x)),
        _bent(lambda x, g: g["alpha"] * np.exp(x), _one),
        _bent(lambda x, g: g["alpha"] * np.ones_like(x)),
    ),
    "SELU": PointFunction(
        "y = 1.0507 · (x if x > 0 else 1.6733 · (e^x − 1))",
        _bent(
            lambda x, g: _SELU_SCALE * _SELU_ALPHA * np.expm1(x), lambda x, g: _SELU_SCALE * x
        ),
        _bent(
            lambda x, g: _SELU_SCALE * _SELU_ALPHA * np.exp(x),
            lambda x, g: np.full_like(x, _SELU_SCALE),
        ),
        _bent(lambda x, g: 2 * np.ones_like(x)),
    ),
    "CELU": PointFunction(
        "y = x if x > 0 else {alpha} · (e^(x / {alpha}) − 1)",
        _bent(lambda x, g: g["alpha"] * np.expm1(x / g["alpha"])),
        _bent(lambda x, g: np.exp(x / g["alpha"]), _one),
        _bent(lambda x, g: g["alpha"] * np.ones_like(x)),
    ),
    "GELU": PointFunction("y = x · Φ(x)", _gelu, _gelu_slope, _size, _one_and_size),
    "SiLU": PointFunction(
        "y = x · σ(x)",
        lambda x, g: x * define.sigmoid(x),
        lambda x, g: define.sigmoid(x) + x * define.sigmoid_derivative(x),
        slope_cancels=_one_and_size,
    ),
    "Mish": PointFunction(
        "y = x · tanh(log(1 + e^x))",
        lambda x, g: x * define.tanh(_softplus(x)),
        _mish_slope,
        _size,
        _one_and_size,
    ),
    "softplus": PointFunction(
        "y = log(1 + e^({beta} · x)) / {beta}", _softplus_of, _softplus_slope
    ),
    "sigmoid": PointFunction(
        "y = 1 / (1 + e^−x)",
        lambda x, g: define.sigmoid(x),
        lambda x, g: define.sigmoid_derivative(x),
        slope_cancels=lambda x, g: define.sigmoid(x),  # σ · (1 − σ)
    ),
    "log sigmoid": PointFunction(
        "y = −log(1 + e^−x)",
        lambda x, g: -_softplus(-x),
        lambda x, g: define.sigmoid(-x),
        slope_cancels=_one,
    ),
    "tanh": PointFunction(
        "y = tanh(x)",
        lambda x, g: define.tanh(x),
        lambda x, g: define.tanh_derivative(x),
        slope_cancels=_one,  # 1 − tanh²
    ),
    "hard sigmoid": PointFunction(
        "y = min(max(x + 3, 0), 6) / 6",
        lambda x, g: np.clip(x + 3, 0, 6) / 6,
        lambda x, g: _between(-3, 3)(x, g) / 6,
        lambda x, g: abs(x) + 3,
    ),
    "hard swish": PointFunction(
        "y = x · min(max(x + 3, 0), 6) / 6",
        lambda x, g: x * np.clip(x + 3, 0, 6) / 6,
        lambda x, g: np.where(x <= -3, 0.0, np.where(x >= 3, 1.0, x / 3 + 0.5)),
        _size,
        _one_and_size,
    ),
    "square": PointFunction("y = x²", lambda x, g: x**2, lambda x, g: 2 * x),
    "square root": PointFunction(
        "y = √x", lambda x, g: np.sqrt(x), lambda x, g: 0.5 / np.sqrt(x)
    ),
    "reciprocal square root": PointFunction(
        "y = 1 / √x", lambda x, g: x**-0.5, lambda x, g: -0.5 * x**-1.5
    ),
    "reciprocal": PointFunction("y = 1 / x", lambda x, g: 1 / x, lambda x, g: -1 / x**2),
    "exponential": PointFunction("y = e^x", lambda x, g: np.exp(x), lambda x, g: np.exp(x)),
    "logarithm": PointFunction("y = log(x)", lambda x, g: np.log(x), lambda x, g: 1 / x),
    "absolute value": PointFunction("y = |x|", _size, lambda x, g: np.sign(x)),
    "negation": PointFunction("y = −x", lambda x, g: -x, lambda x, g: -_one(x, g)),
}  # fmt: skip
"""Sources: PReLU: He et al., 2015; ELU: Clevert et al., 2016; SELU: Klambauer et al., 2017; CELU:
Barron, 2017; GELU: Hendrycks and Gimpel, 2016; SiLU: Elfwing et al., 2018; Mish: Misra, 2019;
hard swish and hard sigmoid: Howard et al., "Searching for MobileNetV3", 2019."""


def value_of(function: PointFunction, x: float, given: Given) -> float:
    """The function's value at one number."""
    return float(function.value(as_float(x), given))
