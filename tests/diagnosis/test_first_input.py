import pytest
import torch
from torch import nn

from convscope.diagnosis.first_input import first_input


def test_what_the_first_layer_with_weights_gets():
    network = nn.Sequential(nn.Flatten(), nn.Linear(4, 3), nn.Linear(3, 2))
    images = torch.rand(10, 1, 2, 2)
    seen = first_input(network, [images, 3 * images])
    both = torch.cat([images, 3 * images])
    assert seen.layer == "1"
    assert seen.mean == pytest.approx(float(both.mean()))
    assert seen.std == pytest.approx(float(both.std()))
    assert (seen.least, seen.largest) == (float(both.min()), float(both.max()))
    assert not seen.is_normalization
    assert not any(m._forward_pre_hooks for m in network.modules())


def test_a_network_that_normalizes_by_itself():
    network = nn.Sequential(nn.BatchNorm2d(1), nn.Conv2d(1, 2, 1))
    assert first_input(network, [255 * torch.rand(4, 1, 2, 2)]).is_normalization


def test_a_network_without_weights():
    assert first_input(nn.Sequential(nn.Flatten()), [torch.rand(4, 1, 2, 2)]) is None
