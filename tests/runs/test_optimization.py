import math

import pytest
import torch
from torch import nn

from convscope.runs.optimization import learning_rate, make_optimizer
from convscope.runs.recipe import Recipe


def rates(recipe, total=1000):
    return [learning_rate(recipe, step, total) for step in range(total)]


def test_constant():
    assert set(rates(Recipe(epochs=1, learning_rate=0.3))) == {0.3}


@pytest.mark.parametrize("schedule", ["linear", "cosine"])
def test_up_then_down(schedule):
    values = rates(Recipe(epochs=1, learning_rate=0.4, schedule=schedule, warmup=0.25))
    peak = values.index(max(values))
    assert 249 <= peak <= 250
    assert values[:peak] == sorted(values[:peak])
    assert values[peak:] == sorted(values[peak:], reverse=True)
    assert math.isclose(max(values), 0.4, rel_tol=0.01)
    assert 0 < values[0] < 0.002
    assert 0 < values[-1] < 0.002


def test_linear_is_halfway_at_half():
    assert math.isclose(
        rates(Recipe(epochs=1, learning_rate=1.0, schedule="linear"))[500], 0.5, abs_tol=1e-3
    )


@pytest.mark.parametrize("name", ["sgd", "nesterov", "adam", "adamw"])
def test_steps_equal_pytorchs_plain_optimizer(name):
    torch.manual_seed(0)
    ours, theirs = (nn.Linear(5, 3) for _ in range(2))
    theirs.load_state_dict(ours.state_dict())
    momentum = 0.9 if name in ("sgd", "nesterov") else 0.0
    recipe = Recipe(
        epochs=1, optimizer=name, learning_rate=0.05, momentum=momentum, weight_decay=0.01
    )
    optimizer = make_optimizer(ours, recipe)
    groups = [
        {"params": [theirs.weight], "weight_decay": 0.01},
        {"params": [theirs.bias], "weight_decay": 0.0},
    ]
    plain = {
        "sgd": lambda: torch.optim.SGD(groups, 0.05, 0.9, fused=False, foreach=False),
        "nesterov": lambda: torch.optim.SGD(groups, 0.05, 0.9, nesterov=True, foreach=False),
        "adam": lambda: torch.optim.Adam(groups, 0.05, foreach=False),
        "adamw": lambda: torch.optim.AdamW(groups, 0.05, foreach=False),
    }[name]()
    x = torch.randn(8, 5)
    for _ in range(5):
        for network, stepper in ((ours, optimizer), (theirs, plain)):
            stepper.zero_grad()
            network(x).square().mean().backward()
            stepper.step()
    torch.testing.assert_close(ours.weight, theirs.weight)
    torch.testing.assert_close(ours.bias, theirs.bias)


def test_a_step_of_sgd_by_hand():
    network = nn.Linear(1, 1, bias=False)
    nn.init.constant_(network.weight, 2.0)
    optimizer = make_optimizer(network, Recipe(epochs=1, learning_rate=0.1))
    network(torch.tensor([[3.0]])).sum().backward()
    optimizer.step()
    assert math.isclose(network.weight.item(), 2.0 - 0.1 * 3.0, rel_tol=1e-6)
