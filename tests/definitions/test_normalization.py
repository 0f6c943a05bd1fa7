"""Tests definitions/arrays.py."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from convscope.definitions.normalization import (
    Moments,
    batch_norm_prediction,
    batch_norm_prediction_backward,
    batch_norm_training,
    batch_norm_training_backward,
)
from convscope.errors import UsageError
from tests.definitions.reference import SEEDS, SWEEP, TOLERANCE, torch_pass


@st.composite
def batches(draw):
    spatial = draw(st.lists(st.integers(1, 4), max_size=3))
    shape = (draw(st.integers(2, 5)), draw(st.integers(1, 4)), *spatial)
    seed = draw(SEEDS)
    generator = np.random.default_rng(seed)
    x = generator.normal(2.0, 3.0, size=shape)
    scale, shift, mean = generator.normal(size=(3, shape[1]))
    return x, scale, shift, Moments(mean, generator.uniform(0.5, 2.0, shape[1])), seed


@SWEEP
@given(batches(), st.sampled_from([1e-5, 1e-3]), st.sampled_from([0.9, 0.5]))
def test_training_equals_pytorch_forwards_and_backwards(batch, epsilon, keep):
    x, scale, shift, moving, seed = batch
    mean, variance = (torch.tensor(values) for values in moving)

    def function(x, scale, shift):
        return F.batch_norm(
            x, mean, variance, scale, shift, training=True, momentum=1 - keep, eps=epsilon
        )

    y, gradient, expected = torch_pass(function, x, scale, shift, seed=seed)
    ours, moved = batch_norm_training(x, scale, shift, moving, keep=keep, epsilon=epsilon)
    assert_allclose(ours, y, **TOLERANCE)
    assert_allclose(moved.mean, mean.numpy(), **TOLERANCE)
    assert_allclose(moved.variance, variance.numpy(), **TOLERANCE)
    back = batch_norm_training_backward(gradient, x, scale, epsilon=epsilon)
    for name, got, wanted in zip(back._fields, back, expected, strict=True):
        # Two equal numbers in a channel divide by √ε: rounding grows by as much.
        assert_allclose(got, wanted, rtol=1e-8, atol=1e-8, err_msg=name)


@SWEEP
@given(batches(), st.sampled_from([1e-5, 1e-3]))
def test_prediction_equals_pytorch_forwards_and_backwards(batch, epsilon):
    x, scale, shift, moving, seed = batch
    mean, variance = (torch.tensor(values) for values in moving)

    def function(x, scale, shift):
        return F.batch_norm(x, mean, variance, scale, shift, training=False, eps=epsilon)

    y, gradient, expected = torch_pass(function, x, scale, shift, seed=seed)
    ours = batch_norm_prediction(x, scale, shift, moving, epsilon=epsilon)
    assert_allclose(ours, y, **TOLERANCE)
    back = batch_norm_prediction_backward(gradient, x, scale, moving, epsilon=epsilon)
    for name, got, wanted in zip(back._fields, back, expected, strict=True):
        assert_allclose(got, wanted, **TOLERANCE, err_msg=name)


def test_a_channel_without_variance_becomes_its_shift():
    moving = Moments(np.zeros(2), np.ones(2))
    y, _ = batch_norm_training(np.full((4, 2), 7.0), [1.0, 1.0], [0.0, 5.0], moving)
    assert y.tolist() == [[0.0, 5.0]] * 4


ONES = Moments(np.ones(3), np.ones(3))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            (np.zeros((1, 3)), np.ones(3), np.ones(3), ONES),
            "Batch normalization in training needs at least 2 numbers for each channel; got x of "
            "shape (1, 3). Use a larger batch, or the prediction form.",
        ),
        (
            (np.zeros((2, 3, 4, 4)), np.ones(4), np.ones(3), ONES),
            "scale must have the shape (3,), one number for each channel; got the shape (4,).",
        ),
        (
            (np.zeros((2, 3, 4, 4)), np.ones(3), np.ones(3), Moments(np.ones(3), np.ones(1))),
            "moving variance must have the shape (3,), one number for each channel; "
            "got the shape (1,).",
        ),
        (
            (np.zeros(3), np.ones(3), np.ones(3), ONES),
            "x must have the shape (N, channels, *spatial); got (3,).",
        ),
    ],
)
def test_what_does_not_fit_is_said(arguments, message):
    with pytest.raises(UsageError) as error:
        batch_norm_training(*arguments)
    assert str(error.value) == message
