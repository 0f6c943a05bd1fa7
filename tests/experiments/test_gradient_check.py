"""Gradients by small steps, against formulas and automatic differentiation."""

import pytest
import torch

from convscope.errors import UsageError
from convscope.experiments.gradient_check import (
    automatic_gradient,
    finite_differences,
    measure_step_errors,
)


def test_the_gradient_of_a_square_is_twice_the_point():
    point = torch.tensor([[1.0, -2.0], [0.5, 3.0]])
    found = finite_differences(lambda x: (x * x).sum(), point)
    assert found.shape == point.shape
    assert found.dtype == torch.float64
    torch.testing.assert_close(found, 2 * point.double(), rtol=0, atol=1e-8)


def test_the_point_is_left_as_found():
    point = torch.ones(3, requires_grad=True)
    finite_differences(lambda x: x.sum(), point)
    automatic_gradient(lambda x: x.sum(), point)
    assert point.grad is None
    assert torch.equal(point, torch.ones(3))


def test_agrees_with_automatic_differentiation():
    point = torch.linspace(0.1, 1.0, 6)
    function = lambda x: torch.sin(x).prod() + x.exp().mean()  # noqa: E731
    torch.testing.assert_close(
        finite_differences(function, point), automatic_gradient(function, point), rtol=1e-7, atol=0
    )


def test_the_error_of_a_cubic_is_the_square_of_the_step():
    """(f(x + h) − f(x − h)) / 2h of x³ is 3x² + h²: at x = 1 the relative error is h²/3."""
    errors = measure_step_errors(lambda x: x**3, torch.tensor(1.0), [1e-1, 1e-2])
    assert errors.errors == pytest.approx((1e-2 / 3, 1e-4 / 3), rel=1e-6)


def test_too_small_a_step_is_worse():
    errors = measure_step_errors(
        lambda x: torch.sin(x).prod(), torch.linspace(0.5, 1.5, 5), [1e-1, 1e-5, 1e-12]
    )
    assert errors.best_step == 1e-5
    assert errors.error(1e-12) > 1000 * errors.smallest_error
    assert errors.as_dict()["steps"] == [1e-1, 1e-5, 1e-12]
    assert "1e-05" in str(errors)
    with pytest.raises(UsageError, match="No step 0.5"):
        errors.error(0.5)


@pytest.mark.parametrize("step", [0, -1e-3])
def test_a_step_must_be_above_0(step):
    with pytest.raises(UsageError, match="step must be above 0"):
        finite_differences(lambda x: x.sum(), torch.ones(1), step)


def test_a_vector_is_refused():
    with pytest.raises(UsageError, match=r"one number, not a tensor of \(2,\)"):
        finite_differences(lambda x: x, torch.ones(2))
