"""Reverse and forward mode: the same gradient, at costs that can be counted."""

import pytest
import torch

from convscope.errors import UsageError
from convscope.experiments.gradient_check import finite_differences
from convscope.experiments.gradient_modes import (
    compare_gradient_modes,
    forward_gradient,
    measure_mode,
    reverse_gradient,
)


def wave(values):
    return torch.sin(values).prod()


def test_both_give_the_gradient():
    point = torch.linspace(0.2, 1.4, 5, dtype=torch.float64)
    expected = finite_differences(wave, point)
    torch.testing.assert_close(reverse_gradient(wave, point), expected, rtol=0, atol=1e-8)
    torch.testing.assert_close(forward_gradient(wave, point), expected, rtol=0, atol=1e-8)


def test_an_input_without_influence_has_the_slope_0():
    point = torch.tensor([1.0, 2.0])
    assert forward_gradient(lambda values: values[0] * 3, point).tolist() == [3, 0]


@pytest.fixture(scope="module")
def modes():
    return compare_gradient_modes(inputs=(4, 8, 16), depths=(4, 8, 16))


def test_forward_mode_pays_for_inputs(modes):
    assert modes.growth("forward", "inputs", "operations") == pytest.approx(4, rel=0.05)
    assert modes.growth("reverse", "inputs", "operations") == 1


def test_reverse_mode_pays_for_depth(modes):
    assert modes.growth("reverse", "depth", "peak_bytes") > 3
    assert modes.growth("forward", "depth", "peak_bytes") == 1


def test_reverse_mode_keeps_each_layer():
    """4 bytes for each of 8 numbers of each further layer."""
    few, many = (measure_mode("reverse", 8, depth, tries=1) for depth in (10, 20))
    assert many.peak_bytes - few.peak_bytes == 10 * 8 * 4


def test_costs_are_the_same_every_time():
    first, again = (measure_mode("forward", 4, 4, tries=1) for _ in range(2))
    assert (first.operations, first.peak_bytes) == (again.operations, again.peak_bytes)


def test_an_unknown_mode_is_refused():
    with pytest.raises(UsageError, match="Unknown mode 'sideways'"):
        measure_mode("sideways", 4, 4)


def test_text_and_dict(modes):
    assert "reverse" in str(modes)
    assert len(modes.as_dict()["over_depth"]) == 6
