"""Each rule gives weights of the spread that its paper states."""

import math

import torch
from torch import nn

from convscope.networks.initialization import initialize


def test_initializations():
    def spread(name):
        torch.manual_seed(0)
        layer = nn.Linear(400, 100)
        bias = layer.bias.clone()
        initialize(nn.Sequential(layer), name)
        return layer.weight.std().item(), layer.weight.abs().max().item(), bias, layer.bias

    std, largest, before, after = spread("xavier")
    assert math.isclose(std, math.sqrt(2 / 500), rel_tol=0.02)
    assert largest <= math.sqrt(6 / 500)
    assert torch.equal(before, after)
    assert math.isclose(spread("kaiming")[0], math.sqrt(2 / 100), rel_tol=0.02)
    std, _, _, bias = spread("normal")
    assert math.isclose(std, 0.01, rel_tol=0.02)
    assert not bias.any()
    assert math.isclose(spread("default")[1], 1 / math.sqrt(400), rel_tol=0.02)
