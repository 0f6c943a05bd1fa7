"""Activations, XOR, affine layers and inverses, as lesson 1 measures them.

Tests experiments/activation_slopes.py, experiments/activation_race.py, experiments/xor.py,
experiments/affine.py, experiments/inverses.py.
"""

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from convscope import experiments
from convscope.errors import UsageError
from convscope.experiments.activation_race import ActivationRace


def test_slopes_are_those_of_pytorch():
    found = experiments.compare_slopes(points=101)
    functions = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu}
    for name, function in functions.items():
        x = torch.tensor(found.inputs, requires_grad=True)
        y = function(x)
        y.sum().backward()
        assert np.allclose(found.values[name], y.detach())
        assert np.allclose(found.slopes[name], x.grad)
    assert found.slope_at("sigmoid", 0) == 0.25
    assert found.mean("tanh") == pytest.approx(0, abs=1e-12)
    with pytest.raises(UsageError, match="Unknown activation function 'gelu'"):
        experiments.compare_slopes(("gelu",))


@pytest.mark.parametrize("sizes", [(3, 4), (5, 2, 7), (20, 256, 256, 10)])
def test_merged_layers_compute_the_same(sizes):
    torch.manual_seed(0)
    layers = [nn.Linear(a, b, bias=b != 7) for a, b in pairwise(sizes)]
    merged = experiments.merge_affine_layers(layers)
    x = torch.randn(50, sizes[0])
    assert torch.allclose(nn.Sequential(*layers)(x), merged(x), atol=1e-5)


def test_what_is_no_stack_of_affine_layers_is_refused():
    for layers in ([], [nn.Linear(2, 2), nn.ReLU()]):
        with pytest.raises(UsageError, match="takes nn.Linear layers; given"):
            experiments.merge_affine_layers(layers)
    with pytest.raises(UsageError, match="takes 3 numbers, but the one before gives 2"):
        experiments.merge_affine_layers([nn.Linear(2, 2), nn.Linear(3, 2)])


@pytest.mark.slow
def test_xor_is_not_linear_and_eight_units_learn_it():
    found = experiments.learn_xor((0, 8), seeds=3)
    assert found.solved[0] == 0
    assert found.solved[8] >= 2
    assert "at least 8 hidden units" in found.figure().get_suptitle()
    assert "No seed" in experiments.learn_xor((0,), seeds=1).figure().get_suptitle()
    with pytest.raises(UsageError, match="hidden units must be at least 0"):
        experiments.learn_xor((-1,))


def test_inverses_defeat_the_linear_model():
    found = experiments.learn_inverses(epochs=10)
    assert found.plain["linear"] > 0.8
    assert found.both["linear"] < 0.3 < 0.9 < found.both["hidden"]
    assert found.constant < 1e-9


def test_a_race_counts_epochs_and_its_best_rates():
    race = ActivationRace(
        (0.1, 1.0), {"relu": ((3, 4), (None, None)), "sigmoid": ((None, 9), (5, 6))}, 0.95, 10
    )
    assert race.best("relu") == (0.1, (3, 4))
    assert race.best("sigmoid") == (1.0, (5, 6))
    assert race.mean("relu") == 3.5
    assert race.is_faster("relu", "sigmoid") is True
    assert race.is_faster("sigmoid", "relu") is False
    even = ActivationRace((0.1,), {"relu": ((3, 6),), "tanh": ((4, 5),)}, 0.95, 10)
    assert even.is_faster("relu", "tanh") is None
    assert "–, 9" in str(race)
    assert "At its own best rate, ReLU is fastest" in race.figure().get_suptitle()


def test_a_rate_too_small_reaches_nothing():
    race = experiments.race_activations(("relu",), rates=(1e-5,), seeds=(0,), most=1)
    assert race.epochs["relu"] == ((None,),)
    with pytest.raises(UsageError, match="Unknown activation 'step'"):
        experiments.race_activations(("step",))
