"""A copy computes with its own layers and weights, whatever functions its module keeps."""

import functools
import types

import pytest
import torch
from torch import nn

from convscope.runtime.module_copy import copy_module


def plain():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 3)).eval()


class Steps(nn.Module):
    """Layers are called by functions in a list, a dictionary and a default argument."""

    def __init__(self):
        super().__init__()
        self.conv, self.head = nn.Conv2d(1, 4, 3), nn.Linear(144, 3)
        self.steps = [lambda x: self.conv(x), {"then": torch.relu}, (self._flat,)]
        self.last = lambda x, *, head=self.head: head(x)
        self.again = lambda x: self.again and self.last(x)

    def _flat(self, x):
        return x.flatten(1)

    def forward(self, x):
        return self.again(self.steps[2][0](self.steps[1]["then"](self.steps[0](x))))


def forward_around(network):
    forward = network.forward
    network.forward = lambda x: 2 * forward(x)


def forward_of_layers(network):
    network.forward = lambda x: network[3](network[2](network[0](x)))


def forward_by_partial(network):
    network[0].forward = functools.partial(nn.Conv2d.forward, network[0])


def forward_by_method(network):
    network.forward = types.MethodType(lambda self, x: 2 * nn.Sequential.forward(self, x), network)


def hook_with_a_layer(network):
    def add(layer, module, inputs, output):
        return output + layer.weight.sum()

    network.register_forward_hook(functools.partial(add, network[0]))


def hook_with_a_weight(network):
    weight = network[0].weight
    network.register_forward_hook(lambda _, inputs, output: output + weight.sum())


def nothing(network):
    pass


CHANGES = [
    nothing,
    forward_around,
    forward_of_layers,
    forward_by_partial,
    forward_by_method,
    hook_with_a_layer,
    hook_with_a_weight,
]


@pytest.mark.parametrize("change", [*CHANGES, None])
def test_the_copy_keeps_its_numbers_and_learns_by_itself(change):
    network = Steps() if change is None else plain()
    if change is not None:
        change(network)
    images = torch.randn(2, 1, 8, 8)
    expected = network(images).detach()
    copied = copy_module(network)
    held = [dict(vars(module)) for module in network.modules()]
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
    torch.testing.assert_close(copied(images).detach(), expected)
    copied(images).sum().backward()
    assert all(parameter.grad is None for parameter in network.parameters())
    assert all(parameter.grad is not None for parameter in copied.parameters())
    assert held == [vars(module) for module in network.modules()]


def test_what_a_hook_collects_is_shared():
    network, seen = plain(), []
    network.register_forward_hook(lambda _, inputs, output: seen.append(output))
    copied = copy_module(network)
    copied(torch.zeros(1, 1, 8, 8))
    assert len(seen) == 1
    assert copied._forward_hooks is not network._forward_hooks
