import json

import pytest

from convscope.planning.elsewhere import SPREAD
from convscope.planning.plan import Plan


@pytest.fixture(scope="module")
def planned():
    return Plan("resnet18-32px", "cifar10", epochs=3, precision="bfloat16", threads=1)


@pytest.fixture(scope="module")
def on_v100(planned):
    return planned.replace(batch_size=256).elsewhere("v100")


def test_without_units_for_bfloat16_it_is_float32(on_v100):
    assert on_v100.precision == "float32"
    assert "no matrix units for bfloat16" in on_v100.notes[0]


def test_ranges_are_wide(on_v100):
    step = on_v100.step
    assert step.value / step.low == pytest.approx(SPREAD["gpu"])
    assert step.high / step.value >= SPREAD["gpu"]
    assert on_v100.run.value == pytest.approx(3 * on_v100.epoch.value)
    assert sum(on_v100.limits.values()) == pytest.approx(1)


def test_faster_machines_are_faster(planned, on_v100):
    h100 = planned.replace(batch_size=256).elsewhere("h100")
    raspberry = planned.replace(batch_size=256).elsewhere("raspberry-pi-5")
    assert h100.precision == "bfloat16"
    assert h100.images_per_second > on_v100.images_per_second
    assert on_v100.images_per_second > 20 * raspberry.images_per_second


@pytest.mark.slow
def test_whether_it_fits(planned, on_v100):
    assert on_v100.fits is True
    small = on_v100.machine.model_copy(update={"memory": 1e8})
    assert planned.replace(batch_size=256).elsewhere(small).fits is False
    between = small.model_copy(update={"memory": on_v100.memory.value})
    assert planned.replace(batch_size=256).elsewhere(between).fits is None
    assert planned.replace(batch_size=256).elsewhere("raspberry-pi-5").fits is None


def test_tiny_steps_are_limited_by_launching(planned):
    found = planned.replace(batch_size=1).elsewhere("h200")
    assert found.limits["launching operations"] > 0.5
    assert any("launching operations" in note for note in found.notes)
    assert found.step.high > 1.4 * SPREAD["gpu"] * found.step.value


def test_json(on_v100):
    result = json.loads(json.dumps(on_v100.as_dict()))
    assert result["machine"]["source"]
    assert result["step_seconds"]["low"] < result["step_seconds"]["value"]


def test_the_precision_is_the_better_one_there_and_nothing_is_measured(monkeypatch):
    def fail(*_, **__):
        raise AssertionError("measured")

    monkeypatch.setattr("convscope.planning.plan.make_forecasters", fail)
    made = Plan("lenet", "mnist")
    assert made.elsewhere("a100").precision == "bfloat16"
    assert made.elsewhere("v100").precision == "float32"


def test_the_text_holds_the_figures(on_v100):
    shown = str(on_v100)
    assert shown.startswith("resnet18-32px on cifar10, 32×32 pixels, batch 256, float32, on NVIDIA")
    assert f"{on_v100.images_per_second:,.0f} images/s in training. It fits into 16 GB." in shown
