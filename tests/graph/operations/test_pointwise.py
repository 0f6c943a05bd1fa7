"""Slopes are derivatives, of all functions of one number."""

import numpy as np
import pytest

from convscope.graph.operations.pointwise import POINT_FUNCTIONS


@pytest.mark.parametrize("kind", POINT_FUNCTIONS)
def test_slopes_are_derivatives(kind):
    given = {"alpha": 0.7, "beta": 2.0, "threshold": 1.0, "negative_slope": 0.2, "weight": 0.3}
    given |= {"min_val": -0.4, "max_val": 0.6, "approximate": "none"}
    positive = kind in ("square root", "reciprocal square root", "logarithm")
    x = np.array([0.31, 0.9, 1.7] if positive else [-2.3, -0.77, -0.21, 0.13, 0.55, 1.9, 4.2])
    rule, h = POINT_FUNCTIONS[kind], 1e-6
    difference = (rule.value(x + h, given) - rule.value(x - h, given)) / (2 * h)
    assert rule.slope(x, given) == pytest.approx(difference, abs=1e-6)
