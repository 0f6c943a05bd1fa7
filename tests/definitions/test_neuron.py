import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from convscope.definitions.activations import sigmoid, sigmoid_derivative, tanh, tanh_derivative
from convscope.definitions.neuron import learn_perceptron, neuron, neuron_backward
from convscope.errors import UsageError
from tests.definitions.reference import SEEDS, SWEEP, TOLERANCE, torch_pass


@pytest.mark.parametrize(
    ("activation", "derivative", "reference"),
    [(sigmoid, sigmoid_derivative, torch.sigmoid), (tanh, tanh_derivative, torch.tanh)],
)
@SWEEP
@given(seed=SEEDS, inputs=st.integers(1, 5), examples=st.lists(st.integers(1, 4), max_size=2))
def test_equals_pytorch_forwards_and_backwards(
    activation, derivative, reference, seed, inputs, examples
):
    generator = np.random.default_rng(seed)
    x, weight = generator.normal(size=(*examples, inputs)), generator.normal(size=inputs)
    bias = generator.normal()
    y, gradient, expected = torch_pass(
        lambda x, weight, bias: reference(x @ weight + bias), x, weight, bias, seed=seed
    )
    assert_allclose(neuron(x, weight, bias, activation), y, **TOLERANCE)
    ours = neuron_backward(gradient, x, weight, bias, derivative)
    for name, got, wanted in zip(ours._fields, ours, expected, strict=True):
        assert got.shape == wanted.shape
        assert_allclose(got, wanted, **TOLERANCE, err_msg=name)


@SWEEP
@given(SEEDS, st.integers(1, 4))
def test_perceptron_separates_what_is_separable_within_novikoffs_bound(seed, inputs):
    """At most (R/γ)² mistakes, for examples no longer than R and a margin of γ."""
    generator = np.random.default_rng(seed)
    plane = generator.normal(size=inputs + 1)
    plane /= np.linalg.norm(plane)
    x = generator.uniform(-1, 1, size=(40, inputs))
    distance = x @ plane[:-1] + plane[-1]
    x, distance = x[abs(distance) > 0.1], distance[abs(distance) > 0.1]
    assume(len(x) > 0)
    bound = ((x**2).sum(axis=1) + 1).max() / abs(distance).min() ** 2
    learned = learn_perceptron(x, distance > 0, passes=1 + int(bound))
    assert learned.separates
    assert sum(learned.mistakes) <= bound
    assert np.array_equal(neuron(x, learned.weight, learned.bias), distance > 0)


def test_the_rule_corrects_by_the_example_and_stops_when_all_is_right():
    learned = learn_perceptron([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 0, 0, 1], rate=0.5)
    assert learned.mistakes == [1, 3, 3, 2, 1, 0]  # worked out by hand
    assert learned.weight.tolist() == [1.0, 0.5]
    assert learned.bias == -1.0


def test_what_does_not_fit_is_said():
    with pytest.raises(UsageError) as error:
        neuron(np.zeros((5, 3)), np.zeros(2))
    assert str(error.value) == (
        "weight must hold one number for each input; got x of shape (5, 3) (the last axis counts "
        "the inputs) and weight of shape (2,)."
    )
    with pytest.raises(UsageError) as error:
        learn_perceptron([[0.0], [1.0]], [-1, 1])
    assert str(error.value) == (
        "targets must be 0 or 1; got [-1.0, 1.0]. For more classes, learn one perceptron for each."
    )
    with pytest.raises(UsageError, match=r"^passes must be at least 1; got 0\.$"):
        learn_perceptron([[0.0]], [1], passes=0)
    with pytest.raises(UsageError, match=r"^x must have the shape \(examples, inputs\); got"):
        learn_perceptron([0.0, 1.0], [0, 1])
