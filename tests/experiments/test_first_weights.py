"""Spread through depth and alike units, as lesson 2 measures them.

Tests experiments/activation_depth.py, experiments/constant_start.py.
"""

import numpy as np
import pytest
import torch

from convscope import experiments
from convscope.errors import UsageError
from tests.experiments.results import check_result


def test_the_spread_is_that_of_a_product_of_matrices():
    found = experiments.follow_signal("relu", ("kaiming",), depth=3, width=8, examples=5, seed=7)
    torch.manual_seed(7)
    signal = torch.randn(5, 8)
    layers = [torch.nn.Linear(8, 8, bias=False) for _ in range(3)]
    for layer in layers:
        torch.nn.init.kaiming_normal_(layer.weight)  # square: fan in is fan out
    for place, layer in enumerate(layers):
        signal = (signal @ layer.weight.T).clamp(min=0).detach()
        assert found.spreads["kaiming"][place] == pytest.approx(signal.numpy().std(), rel=1e-5)
        between = np.sqrt(signal.double().numpy().var(axis=0).mean())
        assert found.signals["kaiming"][place] == pytest.approx(between, rel=1e-5)
        assert np.allclose(found.outputs["kaiming"][place], signal.flatten(), atol=1e-6)


def test_the_gradient_of_one_layer_is_what_was_sent():
    found = experiments.follow_signal("tanh", ("xavier",), depth=1, width=64, examples=64)
    assert found.gradients["xavier"][0] == pytest.approx(1, abs=0.05)  # of N(0, 1)
    assert found.gradient_kept("xavier") == found.kept("xavier") == 1


def test_xavier_loses_half_the_mean_square_at_each_relu_and_kaiming_none():
    found = experiments.follow_signal("relu", ("xavier", "kaiming"), depth=10, width=128)
    assert found.kept("xavier") == pytest.approx(2**-4.5, rel=0.5)
    assert 0.5 < found.kept("kaiming") < 2
    shown = check_result(found)
    assert "10 layers with ReLU" in shown
    assert "After 10 layers with ReLU, the spread is kept by: kaiming" in shown


def test_with_sigmoids_no_example_can_be_told_from_another():
    found = experiments.follow_signal("sigmoid", ("xavier",))
    assert found.kept("xavier") > 0.3
    assert found.signal_kept("xavier") < 1e-4


def test_what_does_not_exist_is_refused():
    with pytest.raises(UsageError, match="Unknown activation 'gelu'"):
        experiments.follow_signal("gelu")
    with pytest.raises(UsageError, match="depth must be at least 1; given 0"):
        experiments.follow_signal(depth=0)
    with pytest.raises(UsageError, match="Unknown initialization 'orthogonal'"):
        experiments.follow_signal("relu", ("orthogonal",), depth=1)
    with pytest.raises(UsageError, match="epochs must be at least 1; given 0"):
        experiments.compare_constant_starts(epochs=0)


def test_units_that_begin_alike_stay_alike_but_for_dropout():
    state = torch.random.get_rng_state()
    found = experiments.compare_constant_starts(epochs=3)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert found.courses["zero"].moved == 0
    assert found.difference("constant") < 1e-4 < found.courses["constant"].moved
    assert 0 < found.courses["nudged"].differences[0] < 1e-5
    assert found.difference("dropout") > 1e-3
    assert found.difference("random") > 0.1
    assert found.difference("one unit") == 0  # from itself
    assert found.accuracy("linear zero") > 0.5
    assert len(found.courses["random"].differences) == 3
    shown = check_result(found)
    assert "Units that begin alike stay alike" in shown
    assert "all 0.1, with dropout" in shown
