import math

import pytest
import torch
from torch import nn

from convscope.diagnosis import range_test as module
from convscope.diagnosis.range_test import STEPS, _read, range_test
from convscope.runs.recipe import Recipe
from convscope.runtime.execution import Execution

RECIPE = Recipe(epochs=1)
PLAIN = Execution(torch.device("cpu"), "float32")


def batches(noise=False):
    """Two classes that a dense layer can tell apart; or images that say nothing."""
    random = torch.Generator().manual_seed(0)
    while True:
        labels = torch.randint(2, (32,), generator=random)
        images = torch.randn(32, 1, 2, 2, generator=random)
        yield (images if noise else images + 2 * labels.view(-1, 1, 1, 1) - 1), labels


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2))


def test_the_loss_falls_and_then_runs_away():
    test = range_test(network(), batches(), RECIPE, PLAIN)
    assert test.lowest is not None
    assert 1e-4 < test.lowest < test.highest
    assert test.least_loss < 0.6 * test.first_loss
    assert test.batch_size == 32
    assert list(test.rates) == sorted(test.rates)


def test_nothing_is_suggested_where_nothing_can_be_learned():
    guessing = network()
    nn.init.zeros_(guessing[-1].weight)  # or else the loss falls from there to that of guessing
    nn.init.zeros_(guessing[-1].bias)
    test = range_test(guessing, batches(noise=True), RECIPE, PLAIN)
    assert test.lowest is None
    assert test.highest is None


def test_the_network_stays_as_it_is():
    given = network()
    before = [p.clone() for p in given.parameters()]
    range_test(given, batches(), RECIPE, PLAIN)
    for p, old in zip(given.parameters(), before, strict=True):
        assert torch.equal(p, old)
        assert p.grad is None


def test_every_step_is_told():
    told = []
    test = range_test(network(), batches(), RECIPE, PLAIN, told.append)
    assert sum(told) == len(test.rates)


@pytest.mark.parametrize("optimizer", ["sgd", "nesterov", "adam", "adamw"])
def test_rates_span_the_range_of_the_optimizer(optimizer):
    momentum = {"momentum": 0.9} if optimizer == "nesterov" else {}
    recipe = Recipe(epochs=1, optimizer=optimizer, **momentum)
    test = range_test(network(), batches(noise=True), recipe, PLAIN)
    low, high = module.RANGES[optimizer]
    assert test.rates[0] == low
    assert test.rates[-1] == pytest.approx(high) or test.broke_at == test.rates[-1]


def test_a_curve_is_read_as_drawn():
    rates = [10 ** (-4 + 5 * step / (STEPS - 1)) for step in range(STEPS)]
    losses = [2.0] * 40 + [2.0 - 0.05 * step for step in range(1, 21)] + [1.0] * 9 + [3.2]
    test = _read(rates[: len(losses)], losses, [2.0] * 12, 64)
    assert test.lowest == rates[42]  # the first below 2.0 - a tenth of the fall of 1.0
    assert test.highest == rates[59]
    assert test.broke_at == rates[69]


def test_a_loss_that_is_not_a_number_is_no_suggestion():
    test = _read([1e-4], [math.inf], [math.nan], 64)
    assert test.lowest is None
    assert test.broke_at == 1e-4
