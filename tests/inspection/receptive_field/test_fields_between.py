"""What a unit sees of every layer between the image and itself."""

import numpy as np
import pytest
import torch
from torch import nn

import convscope as cs
from convscope.errors import UsageError
from convscope.graph.capture import capture
from convscope.inspection.receptive_field.effective_field import effective_field
from convscope.inspection.receptive_field.fields_between import fields_between
from convscope.inspection.receptive_field.unit_field import unit_field


def test_two_convolutions_without_padding_by_hand():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Conv2d(2, 3, 3, stride=2))
    image = torch.rand(1, 1, 11, 11)
    found = fields_between(network, image, "1", (2, 1, 2))
    assert [(each.layer, each.channels) for each in found] == [("image", 1), ("0", 2), ("1", 1)]
    places = [(np.flatnonzero(f.rows).tolist(), np.flatnonzero(f.columns).tolist()) for f in found]
    assert places == [
        ([2, 3, 4, 5, 6], [4, 5, 6, 7, 8]), ([2, 3, 4], [4, 5, 6]), ([1], [2])
    ]  # fmt: skip
    own = network[1].weight[2].detach()  # by the layer before, the unit's gradient is its kernel
    wanted = np.zeros((9, 9))
    wanted[2:5, 4:7] = own.abs().sum(0).numpy()
    np.testing.assert_allclose(found[1].effective, wanted, rtol=1e-6)
    np.testing.assert_allclose(found[2].effective, np.eye(4)[[1]].T @ np.eye(4)[[2]])


def test_on_the_image_both_fields_are_those_of_the_whole_way():
    torch.manual_seed(0)
    network = cs.build("resnet18", in_channels=3)
    image = torch.rand(1, 3, 64, 64)
    found = fields_between(network, image, "layer2.0.conv1", (4, 3, 5))
    theory = unit_field(capture(network, image), "layer2.0.conv1", (4, 3, 5))
    assert (found[0].rows == theory.rows).all()
    assert (found[0].columns == theory.columns).all()
    wanted = effective_field(network, image, "layer2.0.conv1", (4, 3, 5))
    np.testing.assert_allclose(found[0].effective, wanted, rtol=1e-4, atol=1e-6 * wanted.max())
    for each in found:  # nothing outside of the theoretical field matters, in any layer
        inside = np.outer(each.rows, each.columns)
        assert each.effective[~inside].sum() == 0
    assert not any(each.layer.startswith("layer3") for each in found)


def test_layers_without_maps_tell_numbers():
    network = cs.build("lenet")
    found = fields_between(network, torch.rand(1, 1, 28, 28), network_output(network), (3,))
    dense = [each for each in found if each.rows is None]
    assert [each.channels for each in dense][-1] == 1
    assert all(each.effective.shape == (each.effective.size,) for each in dense)
    assert max(each.channels for each in dense) == 400


def network_output(network):
    return capture(network, torch.rand(1, 1, 28, 28)).output.name


def test_no_such_unit_is_refused():
    network = nn.Sequential(nn.Conv2d(1, 2, 3))
    with pytest.raises(UsageError, match="has no unit"):
        fields_between(network, torch.rand(1, 1, 8, 8), "0", (2, 0, 0))
