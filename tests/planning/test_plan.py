"""A plan of any network: names, modules, runs, precisions, notes, figures.

Tests planning/forecasters.py, planning/workload.py.
"""

import pytest
import torch
from torch import nn

import convscope as cs
from convscope.folders import cache_folder
from convscope.planning import forecaster as forecaster_module
from convscope.planning.plan import Plan, plan
from convscope.planning.training_time import Stopped
from convscope.runtime.contention import Contention

pytestmark = pytest.mark.usefixtures("own_cache")

RECIPE = cs.Recipe(epochs=1, batch_size=8, precision="float32", threads=1)


def network():
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 10))


def test_any_module_with_a_shape():
    forecast = plan(network(), image_shape=(3, 8, 8), recipe=RECIPE).forecast()
    assert forecast.network == "Sequential"
    assert forecast.batch_size == 8
    assert forecast.steps_per_epoch == 60_000 // 8
    assert forecast.run.low < forecast.run.value < forecast.run.high


def test_a_compiled_module_gets_its_note_and_is_not_compiled():
    def fail(*_):
        raise AssertionError("compiled")

    compiled = torch.compile(network(), backend=fail)
    (forecaster,) = Plan(compiled, None, RECIPE, image_shape=(3, 8, 8)).forecasters
    forecast = forecaster.at(8, measuring_seconds=0.0)
    assert forecast.network == "Sequential"
    assert any(note.startswith("The network is compiled") for note in forecast.notes)
    (plain,) = Plan(network(), None, RECIPE, image_shape=(3, 8, 8)).forecasters
    simple = plain.at(8, measuring_seconds=0.0)
    assert forecast.step.high / forecast.step.value > simple.step.high / simple.step.value


def test_a_machine_that_is_not_calibrated_is_told_so():
    forecast = plan(network(), image_shape=(3, 8, 8), recipe=RECIPE)
    assert "Once: convscope doctor --calibrate" in " ".join(forecast.notes)


def test_wrong_names():
    with pytest.raises(cs.UsageError, match=r"Did you mean 'lenet'"):
        plan("lenett", "digits")
    with pytest.raises(cs.UsageError, match=r"Did you mean 'digits'"):
        plan("lenet", "digit")
    with pytest.raises(cs.UsageError, match="Did you mean 'batch_size'"):
        plan("lenet", "digits", batchsize=3)


def test_a_module_that_does_not_take_the_images():
    with pytest.raises(cs.UsageError, match=r"Sequential fails on images of shape \(2, 1, 8, 8\)"):
        plan(network(), image_shape=(1, 8, 8), recipe=RECIPE)
    wrong = nn.Sequential(nn.Flatten(), nn.Linear(64, 7))
    with pytest.raises(cs.UsageError, match=r"gives \(2, 7\) for 2 images"):
        plan(wrong, "digits", recipe=RECIPE)


def test_each_precision_is_forecast_by_its_own_record_and_the_other_is_told(monkeypatch):
    def seconds(self, *_):
        return 0.3 if self.workload.execution.precision == "float32" else 0.1

    monkeypatch.setattr(forecaster_module.Forecaster, "computing_seconds", seconds)
    recipe = RECIPE.replace(precision="auto")
    short, long = Plan(network(), None, recipe, image_shape=(3, 8, 8)).forecasters
    assert short.workload.execution.precision == "bfloat16"
    note = "float32, and a step takes about 3 times as long."
    assert any(each.endswith(note) for each in short.at(8, measuring_seconds=0.0).notes)
    assert long.at(8, measuring_seconds=0.0).precision == "float32"
    kinds = [{s.dtype for o in each.step.operations for s in o.inputs} for each in (short, long)]
    assert torch.bfloat16 in kinds[0]
    assert torch.bfloat16 not in kinds[1]


def test_what_is_left_of_a_run():
    (forecaster,) = Plan(network(), None, RECIPE, image_shape=(3, 8, 8)).forecasters
    whole = forecaster.at(8, measuring_seconds=0.0)
    steps = whole.steps_per_epoch
    stopped = Stopped(step=steps // 2, step_in_epoch=steps // 2, total_steps=steps)
    half = forecaster.at(8, measuring_seconds=0.0, stopped=stopped)
    assert half.epochs == pytest.approx(0.5)
    assert half.start_seconds < whole.start_seconds  # nothing is chosen by measuring
    assert half.final_evaluation_seconds == pytest.approx(whole.final_evaluation_seconds, rel=0.5)


def test_a_busy_machine_is_told_and_nothing_is_kept(monkeypatch):
    monkeypatch.setattr(Contention, "share", 0.0)
    (quiet,) = Plan(network(), None, RECIPE, image_shape=(3, 8, 8)).forecasters
    sure = quiet.at(8, measuring_seconds=60.0)
    kept = cache_folder() / "operations.json"
    before = kept.read_text()
    monkeypatch.setattr(Contention, "share", 0.4)
    (busy,) = Plan(network(), None, RECIPE, image_shape=(3, 8, 8)).forecasters
    found = busy.at(16, measuring_seconds=60.0)
    assert any("waited for it 40 % of the time" in note for note in found.notes)
    assert found.step.high / found.step.value > sure.step.high / sure.step.value
    assert kept.read_text() == before


def test_memory_that_recomputing_gives_back_takes_time():
    recipe = RECIPE.replace(recompute=("0",))
    (forecaster,) = Plan(network(), None, recipe, image_shape=(3, 8, 8)).forecasters
    found = forecaster.at(8, measuring_seconds=0.0)
    rest = found.uncorrected["step"] - sum(found.phases.values()) - forecaster_module.LOOP_SECONDS
    taken = forecaster.step.bytes_taken(8)
    assert taken > 8 * 4 * 36 * 4  # the convolution's results alone
    assert rest == pytest.approx(taken / forecaster_module.RETURNED_BYTES_PER_SECOND)


def test_without_data_a_module_has_as_many_classes_as_logits():
    module = nn.Sequential(nn.Flatten(), nn.Linear(3 * 8 * 8, 5))
    assert (
        plan(module, image_shape=(3, 8, 8), recipe=RECIPE).forecast().flops
        == 8 * 2 * 2 * 3 * 8 * 8 * 5
    )
    wrong = nn.Sequential(nn.Conv2d(3, 5, 8))
    with pytest.raises(
        cs.UsageError, match=r"gives \(2, 5, 1, 1\) .* logits of shape \(2, classes\)"
    ):
        plan(wrong, image_shape=(3, 8, 8), recipe=RECIPE)


def test_a_plan_gives_the_main_figures_of_its_forecast():
    made = cs.plan("lenet", "digits", RECIPE, size=28)
    forecast = made.forecast()
    assert made.forecast() is forecast
    assert (made.step, made.epoch, made.run, made.memory) == (
        forecast.step,
        forecast.epoch,
        forecast.run,
        forecast.memory,
    )
    assert made.forecast(32).batch_size == 32
    assert str(made) == str(forecast)
    assert made.as_dict() == forecast.as_dict()


def test_a_notebook_gets_tables_and_no_markup_of_the_names():
    html = Plan(network(), None, RECIPE, image_shape=(3, 8, 8))._repr_html_()
    assert html.count("<table>") == 2
    assert "Sequential on 60,000 images of 3×8×8" in html
    assert "<script" not in html


@pytest.mark.slow
def test_the_figure_is_returned_without_a_file():
    figure = Plan("lenet", "digits", RECIPE, size=28).figure()
    assert figure.get_suptitle().startswith("lenet, batch size 8, 28×28 pixels, float32")


def test_a_run_is_planned_once_more(digits_run):
    made = Plan(digits_run)
    assert (made.network, made.data, made.recipe.epochs) == ("lenet", "digits", 6)
    assert Plan(str(digits_run.folder)).recipe == made.recipe
    changed = Plan(digits_run.folder, batch_size=7)
    assert changed.recipe.batch_size == 7
    assert changed.recipe.size == made.recipe.size == 28


def test_the_network_of_a_model_file_is_planned(digits_run, tmp_path):
    assert Plan(digits_run.model_file, "digits", RECIPE, size=28).network == "lenet"
    assert Plan(str(digits_run.model_file), "digits", RECIPE, size=28).data == "digits"
    with pytest.raises(cs.UsageError, match="gone.safetensors"):
        Plan(tmp_path / "gone.safetensors", "digits", RECIPE)


def test_something_is_changed_and_the_rest_stays():
    made = Plan("lenet", "digits", RECIPE, size=28)
    other = made.replace(network="mlp", batch_size=3)
    assert (other.network, other.data, other.recipe.batch_size) == ("mlp", "digits", 3)
    assert other.recipe.epochs == 1
    assert made.recipe.batch_size == 8
