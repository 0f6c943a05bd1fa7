import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose

from convscope.definitions.activations import (
    log_softmax,
    relu,
    relu_derivative,
    sigmoid,
    sigmoid_derivative,
    softmax,
    softmax_backward,
    softmax_jacobian,
    step,
    step_derivative,
    tanh,
    tanh_derivative,
)
from convscope.errors import UsageError
from tests.definitions.reference import SWEEP, TOLERANCE, torch_pass

# Beyond ±709, e^x overflows in float64.
NUMBERS = arrays(
    np.float64, st.tuples(st.integers(1, 4), st.integers(1, 5)), elements=st.floats(-1e3, 1e3)
)


@pytest.mark.parametrize(
    ("function", "derivative", "reference"),
    [
        (sigmoid, sigmoid_derivative, torch.sigmoid),
        (tanh, tanh_derivative, torch.tanh),
        (relu, relu_derivative, torch.relu),
    ],
)
@SWEEP
@given(x=NUMBERS)
def test_equals_pytorch_forwards_and_backwards(function, derivative, reference, x):
    y, gradient, (expected,) = torch_pass(reference, x)
    assert_allclose(function(x), y, **TOLERANCE)
    assert_allclose(gradient * derivative(x), expected, **TOLERANCE)


@SWEEP
@given(NUMBERS)
def test_softmax_equals_pytorch_forwards_and_backwards(x):
    for axis in (0, 1):
        y, gradient, (expected,) = torch_pass(lambda x, axis=axis: torch.softmax(x, axis), x)
        assert_allclose(softmax(x, axis), y, **TOLERANCE)
        assert_allclose(softmax_backward(gradient, x, axis), expected, **TOLERANCE)
        assert_allclose(
            log_softmax(x, axis), torch.log_softmax(torch.tensor(x), axis).numpy(), **TOLERANCE
        )


@given(NUMBERS)
def test_softmax_backward_is_the_jacobian_transposed_times_the_gradient(x):
    gradient = np.cos(np.arange(x.size)).reshape(x.shape)
    for row, ours in zip(range(len(x)), softmax_backward(gradient, x), strict=True):
        assert_allclose(ours, softmax_jacobian(x[row]).T @ gradient[row], **TOLERANCE)


def test_step_equals_pytorch_and_is_flat():
    x = np.array([-2.0, -0.0, 0.0, 1e-300, 3.0])
    assert np.array_equal(
        step(x), torch.heaviside(torch.tensor(x), torch.zeros((), dtype=torch.float64)).numpy()
    )
    assert step(x).tolist() == [0, 0, 0, 1, 1]
    assert not step_derivative(x).any()


def test_slopes_far_from_zero_are_tiny_but_not_rounded_away():
    assert sigmoid_derivative(100.0) == pytest.approx(np.exp(-100), rel=1e-12, abs=0)
    assert tanh_derivative(-50.0) == pytest.approx(4 * np.exp(-100), rel=1e-12, abs=0)


def test_a_gradient_of_another_shape_is_refused():
    with pytest.raises(UsageError) as error:
        softmax_backward(np.zeros((2, 3)), np.zeros((3, 2)))
    assert str(error.value) == (
        "gradient must have the shape (3, 2), that of x; got the shape (2, 3)."
    )
