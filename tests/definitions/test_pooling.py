import numpy as np
import pytest
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from convscope.definitions.pooling import (
    average_pool,
    average_pool_backward,
    max_pool,
    max_pool_backward,
)
from convscope.errors import UsageError
from tests.definitions.reference import SEEDS, SWEEP, TOLERANCE, torch_pass


@st.composite
def pooling_cases(draw):
    axes = draw(st.integers(1, 3))
    window = draw(st.tuples(*[st.integers(1, 4)] * axes))
    padding = draw(st.tuples(*[st.integers(0, k // 2) for k in window]))
    stride = draw(st.none() | st.tuples(*[st.integers(1, 4)] * axes))
    least = [
        k if axes == 3 else max(1, k - 2 * p)  # PyTorch's 3-D average wants no less
        for k, p in zip(window, padding, strict=True)
    ]
    size = draw(st.tuples(*[st.integers(low, low + 5) for low in least]))
    examples, channels, seed = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(SEEDS)
    x = np.random.default_rng(seed).normal(size=(examples, channels, *size)) - 3  # all below 0
    return x, window, padding, stride, seed


@SWEEP
@given(pooling_cases())
def test_maximum_equals_pytorch_forwards_and_backwards(case):
    x, window, padding, stride, seed = case
    pool = getattr(F, f"max_pool{x.ndim - 2}d")
    y, gradient, (expected,) = torch_pass(
        lambda x: pool(x, window, stride=stride, padding=padding), x, seed=seed
    )
    assert np.array_equal(max_pool(x, window, padding=padding, stride=stride), y)
    back = max_pool_backward(gradient, x, window, padding=padding, stride=stride)
    assert_allclose(back, expected, **TOLERANCE)


@SWEEP
@given(pooling_cases())
def test_average_equals_pytorch_forwards_and_backwards(case):
    x, window, padding, stride, seed = case
    pool = getattr(F, f"avg_pool{x.ndim - 2}d")
    y, gradient, (expected,) = torch_pass(
        lambda x: pool(x, window, stride=stride, padding=padding), x, seed=seed
    )
    assert_allclose(average_pool(x, window, padding=padding, stride=stride), y, **TOLERANCE)
    back = average_pool_backward(gradient, x, window, padding=padding, stride=stride)
    assert_allclose(back, expected, **TOLERANCE)


def test_of_equal_winners_the_first_gets_the_gradient_as_in_pytorch():
    x = np.ones((1, 1, 4, 4))
    _, gradient, (expected,) = torch_pass(lambda x: F.max_pool2d(x, 2), x)
    back = max_pool_backward(gradient, x, 2)
    assert np.array_equal(back, expected)
    assert np.array_equal(back[0, 0] != 0, [[True, False] * 2, [False] * 4] * 2)


def test_a_window_as_large_as_the_image_is_global_pooling():
    x = np.random.default_rng(0).normal(size=(2, 3, 5, 7))
    assert_allclose(average_pool(x, (5, 7))[..., 0, 0], x.mean(axis=(2, 3)), **TOLERANCE)


@pytest.mark.parametrize("pool", [max_pool, average_pool])
def test_what_does_not_fit_is_said(pool):
    with pytest.raises(UsageError) as error:
        pool(np.zeros((1, 1, 8, 8)), 3, padding=2)
    assert str(error.value) == (
        "padding must be at most half the window, so that every window holds an input; "
        "got 2 for a window of 3."
    )
    with pytest.raises(UsageError) as error:
        pool(np.zeros((8, 8)), 2)
    assert str(error.value) == (
        "x must have the shape (N, channels, *spatial), at least 3 axes; got (8, 8). "
        "Add the axes that count the examples and the channels: x[None, None]."
    )


@pytest.mark.parametrize("backward", [max_pool_backward, average_pool_backward])
def test_the_gradient_must_have_the_shape_of_the_output(backward):
    with pytest.raises(UsageError) as error:
        backward(np.zeros((1, 1, 8, 8)), np.zeros((1, 1, 8, 8)), 2)
    assert str(error.value) == (
        "gradient must have the shape (1, 1, 4, 4), that of the output; got the shape (1, 1, 8, 8)."
    )
