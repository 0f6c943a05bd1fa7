import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from convscope.definitions.losses import (
    cross_entropy,
    cross_entropy_backward,
    squared_error,
    squared_error_backward,
)
from convscope.errors import UsageError
from tests.definitions.reference import SEEDS, SWEEP, TOLERANCE

REDUCTIONS = st.sampled_from(["mean", "sum"])


@SWEEP
@given(SEEDS, st.integers(1, 6), st.integers(1, 6), REDUCTIONS, st.sampled_from([1.0, 1e3]))
def test_cross_entropy_equals_pytorch_forwards_and_backwards(seed, n, classes, reduction, size):
    generator = np.random.default_rng(seed)
    scores = generator.normal(size=(n, classes)) * size
    labels = generator.integers(classes, size=n)
    tensor = torch.tensor(scores, requires_grad=True)
    loss = F.cross_entropy(tensor, torch.tensor(labels), reduction=reduction)
    loss.backward()
    assert_allclose(cross_entropy(scores, labels, reduction=reduction), loss.item(), **TOLERANCE)
    back = cross_entropy_backward(scores, labels, reduction=reduction)
    assert_allclose(back, tensor.grad.numpy(), **TOLERANCE)


@SWEEP
@given(SEEDS, st.lists(st.integers(1, 4), max_size=3), REDUCTIONS)
def test_squared_error_equals_pytorch_forwards_and_backwards(seed, shape, reduction):
    prediction, target = np.random.default_rng(seed).normal(size=(2, *shape))
    tensor = torch.tensor(prediction, requires_grad=True)
    loss = F.mse_loss(tensor, torch.tensor(target), reduction=reduction)
    loss.backward()
    ours = squared_error(prediction, target, reduction=reduction)
    assert_allclose(ours, loss.item(), **TOLERANCE)
    back = squared_error_backward(prediction, target, reduction=reduction)
    assert_allclose(back, tensor.grad.numpy(), **TOLERANCE)


def test_equal_scores_cost_the_logarithm_of_the_number_of_classes():
    assert cross_entropy(np.zeros((4, 10)), [0, 3, 7, 9]) == pytest.approx(np.log(10))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: cross_entropy(np.zeros((2, 10)), [3, 10]),
            "labels must be whole numbers from 0 to 9, as scores has 10 classes; got 10.",
        ),
        (
            lambda: cross_entropy(np.zeros((2, 10)), [3, 0.5]),
            "labels must be whole numbers from 0 to 9, as scores has 10 classes; got 0.5.",
        ),
        (
            lambda: cross_entropy(np.zeros((2, 10)), [3]),
            "labels must have the shape (2,), one class for each example; got the shape (1,).",
        ),
        (
            lambda: cross_entropy(np.zeros(10), [3]),
            "scores must have the shape (N, classes); got (10,).",
        ),
        (
            lambda: squared_error(np.zeros((2, 1)), np.zeros(2)),
            "target must have the shape (2, 1), that of prediction; got the shape (2,).",
        ),
        (
            lambda: squared_error([0.0], [0.0], reduction="maen"),
            "Unknown reduction 'maen'. Did you mean 'mean'?",
        ),
    ],
)
def test_what_does_not_fit_is_said(call, message):
    with pytest.raises(UsageError) as error:
        call()
    assert str(error.value) == message
