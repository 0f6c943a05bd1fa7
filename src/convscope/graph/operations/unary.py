"""Arithmetic functions of one number: powers, roots, logarithm, sign."""

from __future__ import annotations

import numpy as np

from convscope.graph.operations.pointwise import PointFunction, register_function

register_function(
    "square", "square", PointFunction("y = x²", lambda x, g: x**2, lambda x, g: 2 * x)
)
register_function(
    "square root",
    "sqrt",
    PointFunction("y = √x", lambda x, g: np.sqrt(x), lambda x, g: 0.5 / np.sqrt(x)),
)
register_function(
    "reciprocal square root",
    "rsqrt",
    PointFunction("y = 1 / √x", lambda x, g: x**-0.5, lambda x, g: -0.5 * x**-1.5),
)
register_function(
    "reciprocal",
    "reciprocal",
    PointFunction("y = 1 / x", lambda x, g: 1 / x, lambda x, g: -1 / x**2),
)
register_function(
    "exponential", "exp", PointFunction("y = e^x", lambda x, g: np.exp(x), lambda x, g: np.exp(x))
)
register_function(
    "logarithm", "log", PointFunction("y = log(x)", lambda x, g: np.log(x), lambda x, g: 1 / x)
)
register_function(
    "absolute value", "abs", PointFunction("y = |x|", lambda x, g: abs(x), lambda x, g: np.sign(x))
)
register_function(
    "negation", "neg", PointFunction("y = −x", lambda x, g: -x, lambda x, g: -np.ones_like(x))
)
