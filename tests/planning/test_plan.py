import pytest
import torch
from torch import nn

import convscope as cs
from convscope.planning.plan import forecasters, plan

RECIPE = cs.Recipe(epochs=1, batch_size=8, precision="float32", threads=1)


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CONVSCOPE_CACHE", str(tmp_path / "cache"))


def network():
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 10))


def test_any_module_with_a_shape():
    forecast = plan(network(), picture_shape=(3, 8, 8), recipe=RECIPE)
    assert forecast.network == "Sequential"
    assert forecast.batch_size == 8
    assert forecast.steps_per_epoch == 60_000 // 8
    assert forecast.run.low < forecast.run.value < forecast.run.high


def test_a_compiled_module_gets_its_note_and_is_not_compiled():
    def fail(*_):
        raise AssertionError("compiled")

    compiled = torch.compile(network(), backend=fail)
    (forecaster,) = forecasters(compiled, picture_shape=(3, 8, 8), recipe=RECIPE)
    forecast = forecaster.at(8, measuring_seconds=0.0)
    assert forecast.network == "Sequential"
    assert any(note.startswith("The network is compiled") for note in forecast.notes)
    (plain,) = forecasters(network(), picture_shape=(3, 8, 8), recipe=RECIPE)
    simple = plain.at(8, measuring_seconds=0.0)
    assert forecast.step.high / forecast.step.value > simple.step.high / simple.step.value


def test_a_machine_that_is_not_calibrated_is_told_so():
    forecast = plan(network(), picture_shape=(3, 8, 8), recipe=RECIPE)
    assert "Once: convscope doctor --calibrate" in " ".join(forecast.notes)


def test_wrong_names():
    with pytest.raises(cs.UsageError, match=r"Did you mean 'lenet'"):
        plan("lenett", "digits")
    with pytest.raises(cs.UsageError, match=r"Did you mean 'digits'"):
        plan("lenet", "digit")
    with pytest.raises(cs.UsageError, match="Did you mean 'batch_size'"):
        plan("lenet", "digits", batchsize=3)


def test_a_module_that_does_not_take_the_pictures():
    with pytest.raises(
        cs.UsageError, match=r"Sequential fails on pictures of shape \(2, 1, 8, 8\)"
    ):
        plan(network(), picture_shape=(1, 8, 8), recipe=RECIPE)
    wrong = nn.Sequential(nn.Flatten(), nn.Linear(3 * 64, 7))
    with pytest.raises(cs.UsageError, match=r"gives \(2, 7\) for 2 pictures"):
        plan(wrong, picture_shape=(3, 8, 8), recipe=RECIPE)
