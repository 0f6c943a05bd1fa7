"""Linearity and mixed channels, on layers whose answers are known."""

import numpy as np
from torch import nn

from convscope import experiments


def test_linear_layers_are_told_from_others():
    assert experiments.measure_linearity(nn.Conv2d(1, 2, 3, bias=False)) < 1e-12
    assert experiments.measure_linearity(nn.AvgPool2d(2)) < 1e-12
    assert experiments.measure_linearity(nn.MaxPool2d(2)) > 0.1
    assert experiments.measure_linearity(nn.Conv2d(1, 2, 3)) > 1e-3  # a bias is counted twice


def test_pooling_keeps_channels_apart_and_convolutions_mix_them():
    assert np.array_equal(
        experiments.find_mixed_channels(nn.MaxPool2d(2), 3), np.eye(3, dtype=bool)
    )
    assert experiments.find_mixed_channels(nn.Conv2d(3, 4, 3), 3).all()
    groups = experiments.find_mixed_channels(nn.Conv2d(4, 4, 1, groups=2), 4)
    assert np.array_equal(groups, np.kron(np.eye(2), np.ones((2, 2))).astype(bool))


def test_the_layer_is_left_as_found():
    layer = nn.Conv2d(1, 2, 3)
    before = layer.weight.clone()
    experiments.measure_linearity(layer)
    assert layer.training
    assert layer.weight.dtype == before.dtype
    assert (layer.weight == before).all()
