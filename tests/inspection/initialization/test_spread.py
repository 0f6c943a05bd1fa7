"""What initial weights do to the signal, layer after layer.

Tests inspection/initialization/compare.py.
"""

import pytest
import torch
from torch import nn

from convscope.errors import UsageError
from convscope.inspection.initialization.compare import compare_initializations
from convscope.inspection.initialization.spread import measure_spread
from tests.inspection import peculiar


def deep(layers=12, width=64):
    parts = [nn.Flatten()]
    for index in range(layers):
        parts += [nn.Linear(144 if index == 0 else width, width), nn.ReLU(inplace=True)]
    return nn.Sequential(*parts)


def test_spread_is_that_of_each_layers_outputs():
    network, images = peculiar.made(peculiar.ReusedActivation), peculiar.images(3)
    rows = measure_spread(network, images)
    assert [row.layer for row in rows] == ["conv1", "conv2", "dense1", "dense2"]
    first = network.conv1(images).detach()
    assert rows[0].mean == pytest.approx(float(first.mean()), rel=1e-4)
    assert rows[0].std == pytest.approx(float(first.std(correction=0)), rel=1e-4)
    between = first.mean((0, 2, 3)).std(correction=0)
    assert rows[0].std_between_units == pytest.approx(float(between), rel=1e-4)


def test_what_the_choices_do_through_depth():
    found = compare_initializations(deep(), peculiar.images(16))
    assert list(found.spreads) == ["default", "normal", "constant", "xavier", "kaiming"]
    shrinks = {choice: rows[-1].std / rows[1].std for choice, rows in found.spreads.items()}
    assert 0.3 < shrinks["kaiming"] < 3  # made for ReLUs: level
    assert shrinks["xavier"] < 0.5  # half the variance is lost in every ReLU
    assert shrinks["default"] < 0.5
    assert shrinks["normal"] < 1e-8
    assert all(
        row.std_between_units < 1e-9 for row in found.spreads["constant"]
    )  # units stay alike
    assert all(row.std_between_units > 1e-9 for row in found.spreads["kaiming"])


def test_the_seed_decides():
    network, images = deep(2), peculiar.images(2)
    once, again = (compare_initializations(network, images, choices=["kaiming"]) for _ in range(2))
    other = compare_initializations(network, images, choices=["kaiming"], seed=1)
    assert once == again != other


def test_unknown_choice():
    with pytest.raises(UsageError, match="Unknown initialization 'xaver'. Did you mean 'xavier'?"):
        compare_initializations(deep(1), torch.rand(1, 1, 12, 12), choices=["xaver"])
