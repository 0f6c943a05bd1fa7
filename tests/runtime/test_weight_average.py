import copy
import math

import torch
from torch import nn

import convscope as cs
from convscope.runtime.weight_average import WeightAverage


def test_average_forgets_the_start():
    network = nn.Linear(1, 1)
    nn.init.constant_(network.weight, 100.0)
    average = WeightAverage(copy.deepcopy(network), decay=0.9)
    nn.init.constant_(network.weight, 1.0)
    for step in range(60):
        average.update(network, step)
    assert math.isclose(average.network.weight.item(), 1.0, abs_tol=0.5)
    assert not average.network.weight.requires_grad


def test_average_follows_by_hand():
    network = nn.Linear(1, 1)
    nn.init.constant_(network.weight, 0.0)
    average = WeightAverage(copy.deepcopy(network), decay=0.99)
    nn.init.constant_(network.weight, 1.0)
    average.update(network, 0)  # keeps 1/10
    assert math.isclose(average.network.weight.item(), 0.9, rel_tol=1e-6)
    average.update(network, 10**6)  # keeps 0.99
    assert math.isclose(average.network.weight.item(), 0.99 * 0.9 + 0.01, rel_tol=1e-6)


def test_average_copies_moving_statistics():
    network = cs.build("lenet-bn", 1, 10)
    average = WeightAverage(copy.deepcopy(network), decay=0.9)
    network(torch.randn(4, 1, 28, 28))
    average.update(network, 0)
    for ours, theirs in zip(average.network.buffers(), network.buffers(), strict=True):
        assert torch.equal(ours, theirs)
