import pytest
import torch
from torch import nn

from convscope.runtime.weight_average import WeightAverage


def test_weights_move_by_the_formula_and_buffers_are_copied():
    network = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    average = WeightAverage(network, 0.9)
    expected = {name: weight.detach().clone() for name, weight in network.named_parameters()}
    for step in range(100):
        with torch.no_grad():
            for weight in network.parameters():
                weight.add_(torch.randn_like(weight))
            network[1].running_mean.fill_(step)
        average.update(network, step)
        decay = min(0.9, (1 + step) / (10 + step))
        for name, weight in network.named_parameters():
            expected[name] = decay * expected[name] + (1 - decay) * weight.detach()
    for name, weight in average.network.named_parameters():
        torch.testing.assert_close(weight, expected[name])
    assert average.network[1].running_mean.tolist() == [99.0] * 3


def test_the_network_itself_is_left_alone():
    network = nn.Linear(2, 1)
    before = network.weight.detach().clone()
    average = WeightAverage(network, 0.5)
    average.update(nn.Linear(2, 1), 0)
    assert torch.equal(network.weight, before)
    assert network.weight.requires_grad
    assert not average.network.weight.requires_grad


@pytest.mark.parametrize(("step", "kept"), [(0, 0.1), (8, 0.5), (10**6, 0.99)])
def test_early_steps_are_forgotten_faster(step, kept):
    network = nn.Linear(1, 1, bias=False)
    nn.init.ones_(network.weight)
    average = WeightAverage(network, 0.99)
    nn.init.zeros_(network.weight)
    average.update(network, step)
    assert average.network.weight.item() == pytest.approx(kept)
