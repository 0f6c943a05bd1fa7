"""Where networks keep their parameters and do their work. Tests experiments/network_costs.py."""

import pytest
from torch import nn

from convscope.errors import UsageError
from convscope.experiments.network_costs import count_network_costs
from tests.experiments.results import check_result


def test_counts_are_those_of_the_layers():
    network = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 5), nn.Linear(5, 2)
    )
    costs = count_network_costs({"mine": (network, (1, 8, 8))})
    (row,) = costs.rows
    assert (row.convolutions, row.dense) == (1, 2)
    assert row.parameters == 4 * 9 + 4 + 144 * 5 + 5 + 12
    assert row.dense_parameters == 144 * 5 + 5 + 12
    assert row.macs == 36 * 4 * 9 + 144 * 5 + 10
    assert row.dense_macs == 144 * 5 + 10
    assert row.dense_share == pytest.approx(737 / 777)
    assert row.convolution_share == pytest.approx(1296 / 2026)


def test_alexnet_and_nin_against_published_counts():
    costs = count_network_costs(
        {"AlexNet": ("alexnet", (1, 224, 224)), "NiN": ("nin", (1, 224, 224))}
    )
    assert costs["AlexNet"].parameters == 46_764_746  # the textbook's form, one input channel
    assert costs["NiN"].dense == 0
    assert costs["NiN"].convolutions == 12
    with pytest.raises(KeyError):
        costs["VGG"]


def test_costs_print_draw_and_become_data():
    costs = count_network_costs({"LeNet": ("lenet", (1, 28, 28)), "MLP": ("mlp", (1, 28, 28))})
    english = check_result(costs)
    for part in ("LeNet", "1×28×28", "61.7 k", "Dense layers hold the parameters"):
        assert part in english
    assert costs.as_dict()["rows"][0]["shape"] == [1, 28, 28]


def test_an_unknown_network_is_refused():
    with pytest.raises(UsageError, match="'alexnets'.*alexnet"):
        count_network_costs({"mine": ("alexnets", (1, 8, 8))})
