"""Activation functions: each changes a number alone.

Sources: PReLU: He et al., 2015; ELU: Clevert et al., 2016; SELU: Klambauer et al., 2017; CELU:
Barron, 2017; GELU: Hendrycks and Gimpel, 2016; SiLU: Elfwing et al., 2018; Mish: Misra, 2019;
hard swish and hard sigmoid: Howard et al., "Searching for MobileNetV3", 2019.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from convscope.definitions import activations as define
from convscope.definitions.arrays import FloatArray, as_float
from convscope.graph.operations.pointwise import (
    Given,
    PointFunction,
    PointRule,
    register_function,
)
from convscope.graph.operations.table import signature


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


def _between(low: float, high: float) -> PointRule:
    return lambda x, g: as_float((x > low) & (x < high))


def _bent(below: PointRule, above: PointRule = lambda x, g: x) -> PointRule:
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


def _bind_hard_tanh(name: str, bound: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    if (bound["min_val"], bound["max_val"]) == (0, 6):
        return "ReLU6", {"input": bound["input"]}
    return "hard tanh", bound


register_function(
    "ReLU",
    "relu",
    PointFunction(
        "y = max(x, 0)", lambda x, g: define.relu(x), lambda x, g: define.relu_derivative(x)
    ),
    family="activation",
)
register_function(
    "ReLU6",
    "",
    PointFunction("y = min(max(x, 0), 6)", lambda x, g: np.clip(x, 0, 6), _between(0, 6)),
    family="activation",
)
register_function(
    "hard tanh",
    "hardtanh",
    PointFunction(
        "y = min(max(x, {min_val}), {max_val})",
        lambda x, g: np.clip(x, g["min_val"], g["max_val"]),
        lambda x, g: as_float((x > g["min_val"]) & (x < g["max_val"])),
    ),
    signature("input", min_val=-1.0, max_val=1.0),
    family="activation",
    bind=_bind_hard_tanh,
)
register_function(
    "leaky ReLU",
    "leaky_relu",
    PointFunction(
        "y = x if x > 0 else {negative_slope} · x",
        _bent(lambda x, g: g["negative_slope"] * x),
        _bent(lambda x, g: g["negative_slope"] * np.ones_like(x), _one),
    ),
    signature("input", negative_slope=0.01),
    family="activation",
)
register_function(
    "PReLU",
    "prelu",
    PointFunction(
        "y = x if x > 0 else {weight} · x",
        _bent(lambda x, g: g["weight"] * x),
        _bent(lambda x, g: g["weight"] * np.ones_like(x), _one),
    ),
    signature("input", "weight"),
    family="activation",
)
register_function(
    "ELU",
    "elu",
    PointFunction(
        "y = x if x > 0 else {alpha} · (e^x − 1)",
        _bent(lambda x, g: g["alpha"] * np.expm1(x)),
        _bent(lambda x, g: g["alpha"] * np.exp(x), _one),
        _bent(lambda x, g: g["alpha"] * np.ones_like(x)),
    ),
    signature("input", alpha=1.0),
    family="activation",
)
register_function(
    "SELU",
    "selu",
    PointFunction(
        "y = 1.0507 · (x if x > 0 else 1.6733 · (e^x − 1))",
        _bent(lambda x, g: _SELU_SCALE * _SELU_ALPHA * np.expm1(x), lambda x, g: _SELU_SCALE * x),
        _bent(
            lambda x, g: _SELU_SCALE * _SELU_ALPHA * np.exp(x),
            lambda x, g: np.full_like(x, _SELU_SCALE),
        ),
        _bent(lambda x, g: 2 * np.ones_like(x)),
    ),
    family="activation",
)
register_function(
    "CELU",
    "celu",
    PointFunction(
        "y = x if x > 0 else {alpha} · (e^(x / {alpha}) − 1)",
        _bent(lambda x, g: g["alpha"] * np.expm1(x / g["alpha"])),
        _bent(lambda x, g: np.exp(x / g["alpha"]), _one),
        _bent(lambda x, g: g["alpha"] * np.ones_like(x)),
    ),
    signature("input", alpha=1.0),
    family="activation",
)
register_function(
    "GELU",
    "gelu",
    PointFunction("y = x · Φ(x)", _gelu, _gelu_slope, _size, _one_and_size),
    signature("input", approximate="none"),
    family="activation",
)
register_function(
    "SiLU",
    "silu",
    PointFunction(
        "y = x · σ(x)",
        lambda x, g: x * define.sigmoid(x),
        lambda x, g: define.sigmoid(x) + x * define.sigmoid_derivative(x),
        slope_cancels=_one_and_size,
    ),
    family="activation",
)
register_function(
    "Mish",
    "mish",
    PointFunction(
        "y = x · tanh(log(1 + e^x))",
        lambda x, g: x * define.tanh(_softplus(x)),
        _mish_slope,
        _size,
        _one_and_size,
    ),
    family="activation",
)
register_function(
    "softplus",
    "softplus",
    PointFunction("y = log(1 + e^({beta} · x)) / {beta}", _softplus_of, _softplus_slope),
    signature("input", beta=1.0, threshold=20.0),
    family="activation",
)
register_function(
    "sigmoid",
    "sigmoid",
    PointFunction(
        "y = 1 / (1 + e^−x)",
        lambda x, g: define.sigmoid(x),
        lambda x, g: define.sigmoid_derivative(x),
        slope_cancels=lambda x, g: define.sigmoid(x),  # σ · (1 − σ)
    ),
    family="activation",
)
register_function(
    "log sigmoid",
    "log_sigmoid",
    PointFunction(
        "y = −log(1 + e^−x)",
        lambda x, g: -_softplus(-x),
        lambda x, g: define.sigmoid(-x),
        slope_cancels=_one,
    ),
    family="activation",
)
register_function(
    "tanh",
    "tanh",
    PointFunction(
        "y = tanh(x)",
        lambda x, g: define.tanh(x),
        lambda x, g: define.tanh_derivative(x),
        slope_cancels=_one,  # 1 − tanh²
    ),
    family="activation",
)
register_function(
    "hard sigmoid",
    "hardsigmoid",
    PointFunction(
        "y = min(max(x + 3, 0), 6) / 6",
        lambda x, g: np.clip(x + 3, 0, 6) / 6,
        lambda x, g: _between(-3, 3)(x, g) / 6,
        lambda x, g: abs(x) + 3,
    ),
    family="activation",
)
register_function(
    "hard swish",
    "hardswish",
    PointFunction(
        "y = x · min(max(x + 3, 0), 6) / 6",
        lambda x, g: x * np.clip(x + 3, 0, 6) / 6,
        lambda x, g: np.where(x <= -3, 0.0, np.where(x >= 3, 1.0, x / 3 + 0.5)),
        _size,
        _one_and_size,
    ),
    family="activation",
)
