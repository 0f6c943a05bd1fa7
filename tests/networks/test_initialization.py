import math

import pytest
import torch
from torch import nn

from convscope.errors import UsageError
from convscope.networks.initialization import INITIALIZATIONS, initialize

FAN_IN, FAN_OUT = 64 * 9, 128 * 9
STD = {
    "default": 1 / math.sqrt(3 * FAN_IN),
    "normal": 0.01,
    "constant": 0.0,
    "xavier": math.sqrt(2 / (FAN_IN + FAN_OUT)),
    "kaiming": math.sqrt(2 / FAN_OUT),
}


@pytest.mark.parametrize("name", INITIALIZATIONS)
def test_weights_have_the_spread_of_the_rule(name):
    torch.manual_seed(0)
    layer = nn.Conv2d(64, 128, 3)
    before = layer.weight.detach().clone()
    initialize(nn.Sequential(layer), name)
    assert not torch.equal(layer.weight, before)
    weight, bias = layer.weight.detach(), layer.bias.detach()
    assert float(weight.std()) == pytest.approx(STD[name], rel=0.02, abs=1e-6)
    zero_mean = {"constant": 0.01}.get(name, 0.0)
    assert float(weight.mean()) == pytest.approx(zero_mean, abs=1e-3)
    assert (not bias.any()) == (name in ("normal", "constant"))


def test_blocks_can_be_set_differently():
    torch.manual_seed(0)
    network = nn.ModuleDict({"a": nn.Linear(10, 10, bias=False), "b": nn.Linear(10, 10)})
    before = network["b"].weight.detach().clone()
    initialize(network["a"], "constant")
    assert (network["a"].weight == 0.01).all()
    assert torch.equal(network["b"].weight, before)


def test_unknown_rule():
    with pytest.raises(UsageError, match="Unknown initialization 'he'. There are: constant, def"):
        initialize(nn.Linear(1, 1), "he")
