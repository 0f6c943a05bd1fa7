"""The stack that a search varies: its layers are as many, as wide and as large as asked."""

import pytest
import torch
from torch import nn

from convscope.errors import UsageError
from convscope.networks.catalog import build


@pytest.mark.parametrize(
    ("depth", "channels"), [(1, [8]), (2, [8, 16]), (4, [8, 8, 16, 32]), (5, [8, 8, 16, 16, 32])]
)
def test_convolutions_are_spread_over_three_stages(depth, channels):
    network = build("stack", 3, 7, depth=depth, width=8, kernel=5)
    convolutions = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d)]
    assert [layer.out_channels for layer in convolutions] == channels
    assert {layer.kernel_size for layer in convolutions} == {(5, 5)}
    assert sum(isinstance(layer, nn.MaxPool2d) for layer in network.modules()) == min(depth, 3) - 1
    maps = network.features(torch.zeros(1, 3, 32, 32))
    assert maps.shape == (1, channels[-1], *[32 >> (min(depth, 3) - 1)] * 2)


def test_what_cannot_be_built_is_said():
    with pytest.raises(UsageError, match="kernel must be an odd number, such as 3 or 5, not 4"):
        build("stack", kernel=4)
    with pytest.raises(UsageError, match="depth must be a whole number of at least 1, not 0"):
        build("stack", depth=0)
