"""Axes have round ticks, hold every value, and keep their order."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convscope.evaluation.page.scales import at, linear, logarithmic, shares

numbers = st.lists(st.floats(-1e6, 1e6, allow_subnormal=False), min_size=1, max_size=20)
positive = st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=20)


@given(numbers, st.integers(2, 9))
def test_a_linear_axis_holds_all_values(values, most):
    axis = linear("x", values, str, most=most)
    assert axis.low < axis.high
    for value in values:
        assert -1e-6 <= axis.place(value) <= 1 + 1e-6
    assert 2 <= len(axis.ticks) <= most + 2
    steps = [b - a for a, b in zip(axis.ticks, axis.ticks[1:], strict=False)]
    assert max(steps) == pytest.approx(min(steps), rel=1e-3)
    mantissa = min(steps) / 10 ** math.floor(math.log10(min(steps)) + 1e-6)
    assert min(abs(mantissa - round_) for round_ in (1, 2, 5)) < 0.01


@given(positive)
def test_a_logarithmic_axis_holds_all_values(values):
    axis = logarithmic("x", values, str)
    for value in values:
        assert -1e-6 <= axis.place(value) <= 1 + 1e-6
    assert axis.place(axis.low) == 0
    assert axis.place(axis.high) == pytest.approx(1)
    assert axis.ticks


@given(st.lists(st.floats(0, 1, allow_subnormal=False), min_size=1))
def test_shares_stay_within_0_and_1_and_have_different_labels(values):
    axis = shares("x", values)
    assert 0 <= axis.low < axis.high <= 1
    labels = [axis.label(tick) for tick in axis.ticks]
    assert len(set(labels)) == len(labels)


def test_by_hand():
    assert linear("x", [0, 0.83], str).ticks == pytest.approx((0, 0.2, 0.4, 0.6, 0.8, 1.0))
    assert linear("x", [1, 6], str, whole=True, most=9).ticks == (1, 2, 3, 4, 5, 6)
    assert linear("x", [0.917, 0.93], str, within=(0, 1)).ticks == pytest.approx(
        (0.915, 0.92, 0.925, 0.93)
    )
    assert logarithmic("x", [0.03, 0.4], str).ticks == pytest.approx((0.02, 0.05, 0.1, 0.2, 0.5))
    assert logarithmic("x", [0.03, 40], str).ticks == pytest.approx((0.1, 1.0, 10.0))
    assert shares("x", [0.5, 1.0]).label(0.5) == "50\u00a0%"
    assert shares("x", [0.991, 0.994]).label(0.992) == "99.2\u00a0%"


def test_backwards():
    axis = at("quality", (10.0, 50.0, 100.0), str, backwards=True)
    assert axis.place(100.0) == 0
    assert axis.place(10.0) == 1
