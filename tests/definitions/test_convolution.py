import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from convscope.definitions.convolution import (
    continuous_convolution,
    convolution,
    convolution_backward,
    cross_correlation_matrix,
    discrete_convolution,
    flip,
)
from convscope.definitions.cross_correlation import cross_correlation, cross_correlation_backward
from convscope.errors import UsageError
from tests.definitions.reference import (
    SEEDS,
    SWEEP,
    TOLERANCE,
    sliding_cases,
    torch_cross_correlation,
    torch_pass,
)


@SWEEP
@given(sliding_cases())
def test_layer_equals_pytorch_with_the_kernel_flipped(case):
    def function(x, weight, bias):
        flipped = weight.flip(tuple(range(2, weight.ndim)))
        return torch_cross_correlation(x, flipped, bias, **case.settings)

    y, gradient, expected = torch_pass(function, case.x, case.weight, case.bias, seed=case.seed)
    assert_allclose(convolution(case.x, case.weight, case.bias, **case.settings), y, **TOLERANCE)
    ours = convolution_backward(gradient, case.x, case.weight, **case.settings)
    for name, got, wanted in zip(ours._fields, ours, expected, strict=True):
        assert_allclose(got, wanted, **TOLERANCE, err_msg=name)


@SWEEP
@given(sliding_cases(groups=st.just(1)))
def test_matrix_is_the_layer_and_its_transpose_the_way_back(case):
    arguments = {key: value for key, value in case.settings.items() if key != "groups"}
    matrix = cross_correlation_matrix(case.weight, case.x.shape[2:], **arguments)
    y = cross_correlation(case.x, case.weight, **arguments)
    assert_allclose(case.x.reshape(len(case.x), -1) @ matrix.T, y.reshape(len(y), -1), **TOLERANCE)
    gradient = np.random.default_rng(case.seed).normal(size=y.shape)
    back = cross_correlation_backward(gradient, case.x, case.weight, **arguments)
    assert_allclose(
        (gradient.reshape(len(y), -1) @ matrix).reshape(case.x.shape), back.x, **TOLERANCE
    )


@given(SEEDS, st.integers(1, 8), st.integers(1, 8))
def test_discrete_convolution_is_polynomial_multiplication(seed, m, n):
    generator = np.random.default_rng(seed)
    f, g = generator.normal(size=m), generator.normal(size=n)
    assert_allclose(discrete_convolution(f, g), np.polymul(f, g), **TOLERANCE)
    padded = convolution(g[None, None], f[None, None], padding=m - 1)  # the layer, at full overlap
    assert_allclose(discrete_convolution(f, g), padded[0, 0], **TOLERANCE)


def test_continuous_convolution_converges_with_the_square_of_the_interval():
    """Two bells convolve to a wider bell: variances add up."""

    def bell(variance):
        return lambda t: np.exp(-(t**2) / (2 * variance)) / np.sqrt(2 * np.pi * variance)

    t = np.linspace(-3, 3, 7).reshape(7, 1)
    y = continuous_convolution(bell(1.0), bell(2.0), t, start=-12, stop=12)
    assert y.shape == t.shape
    assert_allclose(y, bell(3.0)(t), rtol=1e-10)


def test_continuous_convolution_error_falls_with_h_squared():
    def error(intervals):  # ∫₀¹ τ · (1 − τ) dτ = 1/6
        identity = continuous_convolution(
            lambda tau: tau, lambda age: age, 1.0, start=0, stop=1, intervals=intervals
        )
        return abs(float(identity) - 1 / 6)

    assert error(10) / error(20) == pytest.approx(4, rel=1e-6)


def test_flip_turns_the_kernel_by_180_degrees():
    weight = np.arange(12).reshape(1, 2, 2, 3)
    assert flip(weight)[0, 0].tolist() == [[5, 4, 3], [2, 1, 0]]
    assert np.array_equal(flip(weight)[0, 1], np.rot90(weight[0, 1], 2))
    assert np.array_equal(torch.tensor(weight).flip((2, 3)).numpy(), flip(weight))


def test_what_does_not_fit_is_said():
    with pytest.raises(UsageError) as error:
        continuous_convolution(np.sin, np.cos, 0.0, start=1, stop=1)
    assert str(error.value) == (
        "The integral needs a stop above its start and at least 1 interval; "
        "got start 1, stop 1, intervals 1000."
    )
    with pytest.raises(UsageError) as error:
        discrete_convolution([1, 2], [])
    assert str(error.value) == (
        "discrete_convolution takes two sequences of at least one number; "
        "got the shapes (2,) and (0,)."
    )
    with pytest.raises(UsageError) as error:
        cross_correlation_matrix(np.zeros((3, 3)), (8, 8))
    assert str(error.value) == (
        "weight must be (output channels, channels, *kernel) for an image of 2 spatial axes, "
        "4 axes in all; got the shape (3, 3)."
    )
