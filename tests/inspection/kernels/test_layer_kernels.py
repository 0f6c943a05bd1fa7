"""The kernels of any convolution of a network."""

import pytest
import torch
from torch import nn

from convscope.errors import UsageError
from convscope.graph.capture import capture
from convscope.inspection.kernels.layer_kernels import layer_kernels


def test_they_are_the_weights_of_the_layer():
    network = nn.Sequential(nn.Conv2d(4, 6, (3, 2), groups=2), nn.ReLU(), nn.Flatten())
    graph = capture(network, torch.rand(1, 4, 8, 8))
    found = layer_kernels(graph, graph["0"])
    assert found.shape == (6, 2, 3, 2)
    assert (found == network[0].weight.detach().double().numpy()).all()
    with pytest.raises(UsageError, match="'1' \\(ReLU\\) is no convolution"):
        layer_kernels(graph, graph["1"])


class MadeOnTheWay(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.rand(2, 1, 3, 3))

    def forward(self, images):
        return nn.functional.conv2d(images, self.scale * 2)


def test_kernels_that_are_computed_are_refused():
    graph = capture(MadeOnTheWay(), torch.rand(1, 1, 8, 8))
    with pytest.raises(UsageError, match="computed on the way"):
        layer_kernels(graph, graph.output)
