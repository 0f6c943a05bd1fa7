"""Separable convolutions and networks beside the clock; the clock itself is replaced.

Tests experiments/separable_times.py, experiments/separable_networks.py,
experiments/network_times.py.
"""

import pytest
import torch
from torch import nn

import convscope as cs
from convscope.errors import UsageError
from convscope.experiments import layer_times
from convscope.experiments.network_times import time_networks
from convscope.experiments.separable_networks import build_separable_network
from convscope.experiments.separable_times import time_separable
from tests.experiments.results import check_result


@pytest.fixture
def clock(monkeypatch):
    """Full convolutions take 4 ms, all else takes 3."""
    monkeypatch.setattr(
        layer_times, "measure_seconds",
        lambda layer, images: 0.004 if isinstance(layer, nn.Conv2d) else 0.003,
    )  # fmt: skip


def test_operations_are_those_of_the_formula(clock):
    times = time_separable((8, 32), size=6)
    for pair in times.pairs:
        assert pair.operations == pytest.approx(1 / pair.channels + 1 / 9)
        assert pair.time == pytest.approx(0.75)
    assert times.least_lag == pytest.approx(0.75 / (1 / 8 + 1 / 9))
    assert "6 × 6" in check_result(times)
    with pytest.raises(UsageError, match="at least one number"):
        time_separable(())


@pytest.mark.slow
def test_a_clock_is_read():
    (pair,) = time_separable((4,), size=4).pairs
    assert pair.full_seconds > 0
    assert pair.separable_seconds > 0


@pytest.mark.slow
def test_networks_are_ranked_by_their_rates(clock):
    times = time_networks(("mobilenet-v2-32px", "resnet18-32px"), image=(1, 32, 32))
    assert times.fastest_rate == "resnet18-32px"
    assert times.slowest_rate == "mobilenet-v2-32px"
    assert times.networks["resnet18-32px"].seconds == 0.003
    assert times.networks["resnet18-32px"].macs == cs.trace("resnet18-32px", (1, 32, 32)).macs
    assert "resnet18-32px" in check_result(times)
    with pytest.raises(UsageError, match="at least one network"):
        time_networks(())


@pytest.mark.parametrize("separable", [True, False])
def test_separable_networks_differ_in_their_convolutions(separable):
    network = build_separable_network(separable=separable, channels=8, layers=3, classes=5)
    assert network(torch.zeros(2, 1, 8, 8)).shape == (2, 5)
    groups = [m.groups for m in network.modules() if isinstance(m, nn.Conv2d)]
    assert groups == ([1, 8, 1, 8, 1] if separable else [1, 1, 1])
