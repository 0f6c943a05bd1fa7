"""Maps that move with the image, and those that don't."""

import numpy as np
import pytest
import torch
from torch import nn

from convscope.errors import UsageError
from convscope.experiments.equivariance import measure_shift_response
from tests.experiments.results import check_result

IMAGE = np.random.default_rng(0).normal(size=(1, 20, 40))


def layers(count, **settings):
    torch.manual_seed(0)
    parts = [nn.Conv2d(1 if n == 0 else 2, 2, 3, **settings) for n in range(count)]
    return nn.Sequential(*[each for part in parts for each in (part, nn.Tanh())])


def test_without_padding_the_map_moves_alike():
    found = measure_shift_response(layers(2), IMAGE, 5)
    assert (found.map_shift, found.strips) == (5, (0, 0))
    assert found.equivariance < 1e-12 < 0.5 < found.invariance
    assert "everywhere" in check_result(found)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_zeros_reach_one_column_further_with_each_layer(count):
    found = measure_shift_response(layers(count, padding=1), IMAGE, 5)
    assert found.strips == (count, count)
    assert found.inside < 1e-12 < found.equivariance
    assert np.isnan(found.error[:, :5]).all()
    assert "except at the borders" in check_result(found)


def test_with_circular_padding_an_image_may_move_around():
    network = layers(2, padding=1, padding_mode="circular")
    found = measure_shift_response(network, IMAGE, 5, room=0)
    assert found.equivariance < 1e-12
    assert found.pooled < 1e-12 < found.invariance
    assert measure_shift_response(layers(2, padding=1), IMAGE, 5, room=0).equivariance > 0.01


def test_a_stride_moves_the_map_by_less():
    assert measure_shift_response(layers(1, stride=2), IMAGE, 4).map_shift == 2
    odd = measure_shift_response(layers(1, stride=2), IMAGE, 5)
    assert odd.inside > 0.1
    assert "does not move" in check_result(odd)


def test_nothing_moves_without_a_shift_and_the_network_stays_as_it_was():
    network = layers(1).train()
    found = measure_shift_response(network, IMAGE, 0)
    assert found.equivariance == found.invariance == 0
    assert network.training
    assert network[0].weight.dtype == torch.float32


def test_what_cannot_be_measured_is_refused():
    with pytest.raises(UsageError, match="more columns than the image moves"):
        measure_shift_response(layers(1), IMAGE, 20)
    with pytest.raises(UsageError, match="more columns than the image moves"):
        measure_shift_response(layers(1), IMAGE[0], 2)
    with pytest.raises(UsageError, match="must give a map"):
        measure_shift_response(nn.Sequential(layers(1), nn.Flatten()), IMAGE, 2)
