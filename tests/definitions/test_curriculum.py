"""Figures of the curriculum, sections A and B, that single operations must show."""

import itertools
from math import prod

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from convscope.definitions.activations import relu, sigmoid, sigmoid_derivative, softmax, step, tanh
from convscope.definitions.dense import dense
from convscope.definitions.dropout import draw_mask, dropout
from convscope.definitions.neuron import learn_perceptron, neuron
from convscope.definitions.normalization import (
    Moments,
    batch_norm_prediction,
    batch_norm_training,
)
from tests.definitions.reference import normal

CORNERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
XOR = np.array([0, 1, 1, 0])


@pytest.mark.parametrize("targets", list(itertools.product([0, 1], repeat=4)))
def test_a1_the_perceptron_separates_every_function_of_two_bits_but_xor_and_its_opposite(targets):
    learned = learn_perceptron(CORNERS, targets, passes=200)
    assert learned.separates == (targets not in [(0, 1, 1, 0), (1, 0, 0, 1)])
    assert np.array_equal(neuron(CORNERS, learned.weight, learned.bias), targets) == (
        learned.separates
    )


def test_a1_no_neuron_computes_xor():
    """Opposite corners have the same sum of pre-activations, so both pairs cannot be told apart."""
    for seed in range(20):
        weight, bias = normal(2, seed=seed), normal(1, seed=seed + 100)
        sums = neuron(CORNERS, weight, bias, activation=lambda z: z)
        assert sums[0] + sums[3] == pytest.approx(sums[1] + sums[2])


def test_a1_a_bias_is_the_weight_of_a_unit_that_is_always_1():
    x, weight, bias = normal(50, 3), normal(3, seed=1), 0.7
    with_unit = np.concatenate([x, np.ones((50, 1))], axis=1)
    for activation in (step, sigmoid):
        with_bias = neuron(x, weight, bias, activation)
        assert_allclose(with_bias, neuron(with_unit, [*weight, bias], 0.0, activation), rtol=1e-12)


def test_a2_a_layer_is_its_neurons_side_by_side():
    x, weight, bias = normal(5, 4), normal(3, 4, seed=1), normal(3, seed=2)
    one_by_one = [neuron(x, weight[o], bias[o], tanh) for o in range(3)]
    assert_allclose(tanh(dense(x, weight, bias)), np.stack(one_by_one, axis=1), rtol=1e-12)


def test_a3_the_sigmoids_slope_vanishes_far_from_0_and_its_output_is_not_centred():
    assert sigmoid_derivative(0.0) == 0.25
    assert sigmoid_derivative(np.array([-10.0, 10.0])).max() < 5e-5
    z = np.linspace(-5, 5, 101)  # symmetric around 0
    assert sigmoid(z).mean() == pytest.approx(0.5)
    assert tanh(z).mean() == pytest.approx(0, abs=1e-12)


def test_a3_a_stack_of_affine_layers_is_one_affine_layer():
    x = normal(6, 4)
    w1, b1, w2, b2 = (
        normal(5, 4, seed=1),
        normal(5, seed=2),
        normal(3, 5, seed=3),
        normal(3, seed=4),
    )
    stack = dense(dense(x, w1, b1), w2, b2)
    assert_allclose(stack, dense(x, w2 @ w1, w2 @ b1 + b2), rtol=1e-12)
    assert not np.allclose(dense(relu(dense(x, w1, b1)), w2, b2), stack)


def test_a3_a_hidden_layer_mends_xor():
    hidden = step(dense(CORNERS, [[1, 1], [1, 1]], [-0.5, -1.5]))  # "or", "and"
    assert np.array_equal(step(dense(hidden, [[1, -1]], [-0.5]))[:, 0], XOR)


def test_a4_softmax_keeps_the_order_of_its_inputs():
    scores = normal(20, 10)
    assert np.array_equal(softmax(scores).argsort(axis=1), scores.argsort(axis=1))


def test_a4_images_with_their_inverses_defeat_a_linear_model():
    """x and 1 − x have scores that add up to the same for every x."""
    images, weight, bias = np.random.default_rng(0).random((2, 16)), normal(3, 16), normal(3)
    sums = dense(images, weight, bias) + dense(1 - images, weight, bias)
    assert_allclose(sums[0], sums[1])


@pytest.mark.parametrize("p", [0.2, 0.5])
def test_b9_dropout_keeps_the_expectation(p):
    x = normal(4)
    expectation = np.zeros(4)
    for mask in itertools.product([0, 1], repeat=4):  # all that can happen, with its probability
        chance = prod((1 - p) if kept else p for kept in mask)
        expectation += chance * dropout(x, p, mask)
    assert_allclose(expectation, x, rtol=1e-12)
    y = dropout(x, p, draw_mask(x.shape, p, np.random.default_rng(0)))
    assert all(got == 0 or got == pytest.approx(h / (1 - p)) for got, h in zip(y, x, strict=True))


def test_b10_batch_normalization_equals_the_frameworks_over_training_and_prediction():
    layer = torch.nn.BatchNorm2d(3, dtype=torch.float64)
    scale, shift = np.array([0.5, 1.0, 2.0]), np.array([-1.0, 0.0, 1.0])
    layer.load_state_dict(
        layer.state_dict() | {"weight": torch.tensor(scale), "bias": torch.tensor(shift)}
    )
    moving = Moments(np.zeros(3), np.ones(3))
    for batch in range(3):
        x = normal(4, 3, 5, 5, seed=batch) * 3 + 1
        y, after = batch_norm_training(x, scale, shift, moving)
        assert_allclose(y, layer(torch.tensor(x)).detach().numpy(), rtol=1e-10, atol=1e-12)
        assert_allclose(after.mean, 0.9 * moving.mean + 0.1 * x.mean(axis=(0, 2, 3)))
        moving = after
    assert_allclose(moving.variance, layer.running_var.numpy(), rtol=1e-12)
    predicted = layer.eval()(torch.tensor(x)).detach().numpy()
    assert_allclose(batch_norm_prediction(x, scale, shift, moving), predicted, rtol=1e-10)
