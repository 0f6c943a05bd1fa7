"""Recomputation leaves gradients as they are; devices agree with float64.

Tests experiments/recomputed_gradients.py, experiments/devices.py.
"""

import json

import pytest

from convscope.experiments import recomputed_gradients
from convscope.experiments.devices import DeviceResult, DeviceResults, compare_devices
from convscope.experiments.recomputed_gradients import compare_recomputation
from convscope.look.language import use_language
from tests.experiments.results import is_chinese


@pytest.mark.slow
def test_gradients_are_the_same_to_the_bit():
    found = compare_recomputation("densenet", images=4)
    assert found.blocks > 0
    assert found.difference == 0
    assert found.seconds > 0 < found.recomputed_seconds
    assert json.dumps(found.as_dict())
    with use_language("zh"):
        assert is_chinese(str(found))


@pytest.mark.slow
def test_another_gradient_would_be_noticed(monkeypatch):
    real = recomputed_gradients._gradients
    calls = []

    def other(network, images, labels):
        calls.append(1)
        return real(network, images * len(calls), labels)

    monkeypatch.setattr(recomputed_gradients, "_gradients", other)
    assert compare_recomputation("densenet", images=4).difference > 0


@pytest.mark.slow
def test_threads_and_devices_agree_with_float64():
    found = compare_devices(width=4, images=8)
    assert [each.threads for each in found.devices][:2] == [1, 2]
    assert found.difference < 1e-3
    assert found.chosen in {"cpu", "cuda", "mps"}
    assert "auto chooses" in str(found)
    with use_language("zh"):
        assert is_chinese(str(found))
    assert json.dumps(found.as_dict())


def test_speedup_is_that_of_two_threads_over_one():
    one, two = DeviceResult("cpu", 1, 100.0, 1e-6), DeviceResult("cpu", 2, 150.0, 3e-6)
    found = DeviceResults((one, two), "cpu")
    assert found.speedup == 1.5
    assert found.difference == 3e-6
