"""Maps and kernels are those of the network, whatever comes later in place.

Tests inspection/kernels/first_kernels.py.
"""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from convscope.errors import UsageError
from convscope.graph.capture import capture
from convscope.inspection.feature_maps.feature_maps import feature_map_nodes, read_feature_maps
from convscope.inspection.kernels.first_kernels import read_first_kernels
from convscope.networks.catalog import build
from tests.inspection import peculiar


def test_maps_are_those_of_the_moment_also_where_a_relu_overwrites_them():
    network, image = peculiar.made(peculiar.ReusedActivation), peculiar.images()
    before, after = read_feature_maps(network, image, ["conv1", "relu"])
    expected = network.conv1(image)[0].detach()
    np.testing.assert_allclose(before.maps, expected, rtol=1e-5)
    np.testing.assert_allclose(after.maps, F.relu(expected), rtol=1e-5)
    assert (before.maps < 0).any()
    assert (before.layer, before.kind) == ("conv1", "convolution")


def test_by_default_the_last_layer_of_every_size():
    network = build("lenet").eval()
    found = read_feature_maps(network, torch.rand(1, 1, 28, 28))
    assert [(each.layer, each.maps.shape) for each in found] == [
        ("features.sigmoid1", (6, 28, 28)),
        ("features.pool1", (6, 14, 14)),
        ("features.sigmoid2", (16, 10, 10)),
        ("features.pool2", (16, 5, 5)),
    ]
    assert read_feature_maps(build("mlp").eval(), torch.rand(1, 1, 28, 28)) == []


def test_a_block_stands_for_its_output():
    (found,) = read_feature_maps(build("resnet18").eval(), torch.rand(1, 1, 64, 64), ["layer2"])
    assert found.layer == "layer2.1.relu2"
    assert found.maps.shape == (128, 8, 8)


def test_attention_is_no_feature_map():
    graph = capture(peculiar.made(peculiar.Attention), peculiar.images())
    assert [node.name for node in feature_map_nodes(graph)] == ["image", "patches"]


def test_unknown_layer():
    network, image = build("lenet").eval(), torch.rand(1, 1, 28, 28)
    with pytest.raises(UsageError, match="Unknown layer of lenet: 'features.conv3'. Did you mean"):
        read_feature_maps(network, image, ["features.conv3"])


def test_a_layer_behind_the_flattening_has_no_maps():
    with pytest.raises(UsageError) as error:
        read_feature_maps(build("lenet").eval(), torch.rand(1, 1, 28, 28), ["classifier.dense1"])
    assert str(error.value) == (
        "Layer 'classifier.dense1' (dense) has no feature maps: its output has the shape (1, 120). "
        "Name a layer before the flattening."
    )


def test_first_kernels_are_those_executed_first():
    class Swapped(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.later = torch.nn.Conv2d(4, 2, 3)
            self.first = torch.nn.Conv2d(3, 4, 5)

        def forward(self, x):
            return self.later(self.first(x)).mean((2, 3))

    network = Swapped()
    found = read_first_kernels(network, (3, 16, 16))
    assert found.layer == "first"
    np.testing.assert_array_equal(found.weights, network.first.weight.detach())


def test_a_network_without_convolutions_has_no_kernels():
    with pytest.raises(UsageError, match="mlp has no convolution, so there are no kernels"):
        read_first_kernels(build("mlp"), (1, 28, 28))
