import json

import pytest

import convscope as cs
from convscope.planning.machines import SPREAD, find_machine, forecast_elsewhere, machines
from convscope.planning.plan import forecasters


@pytest.fixture(scope="module")
def forecaster():
    return forecasters("resnet18-32px", "cifar10", epochs=3, precision="bfloat16", threads=1)[0]


@pytest.fixture(scope="module")
def on_v100(forecaster):
    return forecast_elsewhere(forecaster, find_machine("v100"), 256)


def test_every_machine_has_a_source_and_sane_figures():
    assert len(machines()) > 8
    for machine in machines().values():
        assert machine.source
        assert 5 < machine.float32 / machine.bandwidth < 120  # operations a byte
        assert (machine.bfloat16 or 1e15) >= (machine.tf32 or 0) >= 0


def test_names():
    assert find_machine("V100").name.startswith("NVIDIA Tesla V100")
    with pytest.raises(cs.UsageError, match="Unknown machine 'v10'. Did you mean 'v100'"):
        find_machine("v10")
    with pytest.raises(cs.UsageError, match="There are: a100, h100"):
        find_machine("abacus")


def test_without_units_for_bfloat16_it_is_float32(on_v100):
    assert on_v100.precision == "float32"
    assert "no matrix units for bfloat16" in on_v100.notes[0]


def test_ranges_are_wide(on_v100):
    step = on_v100.step
    assert step.value / step.low == pytest.approx(SPREAD["gpu"])
    assert step.high / step.value >= SPREAD["gpu"]
    assert on_v100.run.value == pytest.approx(3 * on_v100.epoch.value)
    assert sum(on_v100.limits.values()) == pytest.approx(1)


def test_faster_machines_are_faster(forecaster, on_v100):
    h100 = forecast_elsewhere(forecaster, find_machine("h100"), 256)
    raspberry = forecast_elsewhere(forecaster, find_machine("raspberry-pi-5"), 256)
    assert h100.precision == "bfloat16"
    assert h100.images_per_second > on_v100.images_per_second
    assert on_v100.images_per_second > 20 * raspberry.images_per_second


def test_whether_it_fits(forecaster, on_v100):
    assert on_v100.fits is True
    small = on_v100.machine.model_copy(update={"memory": 1e8})
    assert forecast_elsewhere(forecaster, small, 256).fits is False
    between = small.model_copy(update={"memory": on_v100.memory.value})
    assert forecast_elsewhere(forecaster, between, 256).fits is None
    assert forecast_elsewhere(forecaster, find_machine("raspberry-pi-5"), 256).fits is None


def test_tiny_steps_are_limited_by_launching(forecaster):
    found = forecast_elsewhere(forecaster, find_machine("h200"), 1)
    assert found.limits["launching operations"] > 0.5
    assert any("launching operations" in note for note in found.notes)
    assert found.step.high > 1.4 * SPREAD["gpu"] * found.step.value


def test_json(on_v100):
    result = json.loads(json.dumps(on_v100.as_dict()))
    assert result["machine"]["source"]
    assert result["step_seconds"]["low"] < result["step_seconds"]["value"]
