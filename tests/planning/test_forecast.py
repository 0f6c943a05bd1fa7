"""A forecast: what a recorded step counts, its data and text, time that is given or left.

Tests planning/forecaster.py, planning/forecast_notes.py, planning/run_time.py, planning/step.py.
"""

import json
import math
import re

import pytest
import torch
from torch import nn

import convscope as cs
from convscope.look import numbers
from convscope.look.language import use_language
from convscope.look.numbers import duration
from convscope.planning.fixed_costs import FixedCosts, remember_fixed_costs
from convscope.planning.history import ForecastOutcome, remember
from convscope.planning.plan import Plan, plan
from convscope.planning.record_step import record_step
from convscope.planning.stopwatch import Stopwatch
from convscope.runs.recipe import Recipe
from convscope.runtime.contention import Contention
from convscope.runtime.execution import Execution

pytestmark = pytest.mark.usefixtures("own_cache")


def recorded(network, shape=(1, 28, 28)):
    execution = Execution(torch.device("cpu"), "float32", 1)
    return record_step(network, shape, execution, Recipe(epochs=1))


def test_a_recorded_step_counts_what_pytorch_counts():
    from torch.utils.flop_counter import FlopCounterMode

    network = cs.build("lenet")
    step = recorded(network)
    with FlopCounterMode(display=False) as counter:
        network(torch.zeros(4, 1, 28, 28)).sum().backward()
    flops = sum(each.at(4, step.stand_in).flops for each in step.operations)
    assert flops == counter.get_total_flops()


def test_recording_leaves_the_network_as_it_is():
    network = cs.build("lenet-bn").eval()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    recorded(network)
    assert all(torch.equal(before[name], t) for name, t in network.state_dict().items())
    assert not network.training
    assert all(parameter.grad is None for parameter in network.parameters())


@pytest.mark.slow
def test_every_operation_can_be_timed():
    step = recorded(cs.build("resnet18-32px"), (1, 32, 32))
    stopwatch = Stopwatch(2**26)
    for operation in {each.key: each.at(2, step.stand_in) for each in step.operations}.values():
        assert stopwatch.seconds(operation, 1) > 0


def test_a_plan_in_json():
    for number in range(40):  # this machine has been slower than forecast, and takes more memory
        remember(ForecastOutcome("run", 1.0, 1.3 + number / 1000, "other", 1, "float32"))
        remember(ForecastOutcome("step", 1.0, 1.2 + number / 1000, "other", 1, "float32"))
        remember(ForecastOutcome("memory", 1.0, 1.1 + number / 1000, "other", 1, "float32"))
    made = plan("lenet", "digits", size=28, epochs=2, precision="float32")
    result = json.loads(json.dumps(made.as_dict()))
    time, memory = result["time"], result["memory"]
    assert (time["unit"], memory["unit"]) == ("seconds", "bytes")
    assert time["epochs"] == 2
    assert time["steps_per_epoch"] == -(-1438 // result["batch_size"])
    whole = time["start_seconds"] + 2 * time["epoch_seconds"] + time["final_evaluation_seconds"]
    assert time["run_seconds"] == pytest.approx(whole)
    assert 1.25 < time["run_seconds"] / made.forecast().uncorrected["run"] < 1.35
    assert 0 < time["evaluation_seconds"] < time["epoch_seconds"]
    assert sum(time["phases"].values()) < time["step_seconds"]
    assert time["images_per_second"] == pytest.approx(result["batch_size"] / time["step_seconds"])
    for name, low in (("step_seconds", "step"), ("epoch_seconds", "epoch"), ("run_seconds", "")):
        ends = [f"{low}_{end}".strip("_") for end in ("low", "high")]
        assert time[ends[0]] < time[name] < time[ends[1]]
    assert memory["low"] < memory["peak_bytes"] < memory["high"]
    assert sum(memory["parts"].values()) == memory["peak_bytes"]
    assert min(memory["parts"].values()) >= 0
    assert {*memory["layers"]} == {*made.forecast().step_memory.layers}


def test_the_text_holds_the_numbers_of_the_json():
    made = plan("lenet", "digits", size=28, epochs=2, precision="float32")
    result, shown = made.as_dict(), str(made)
    time, memory = result["time"], result["memory"]
    lines = shown.splitlines()
    assert lines[0] == (
        f"lenet on digits: batch size {result['batch_size']}, 28×28 pixels, float32, "
        f"2 epochs of {time['steps_per_epoch']} steps"
    )
    assert lines[1] == (
        f"time    {duration(time['run_seconds'])} ({duration(time['low'])} to "
        f"{duration(time['high'])})"
    )
    assert lines[2].startswith(
        f"memory  {numbers.size(memory['peak_bytes'])} ({numbers.size(memory['low'])} to "
        f"{numbers.size(memory['high'])})"
    )
    rows = {
        "a training step": time["step_seconds"],
        "  forward": time["phases"]["forward"],
        "an epoch, with evaluation": time["epoch_seconds"],
        "  evaluation": time["evaluation_seconds"],
        "final evaluation": time["final_evaluation_seconds"],
    }
    for name, seconds in rows.items():
        (line,) = (each for each in lines if f"  {name}  " in each)
        assert line.split(name)[1].strip().startswith(duration(seconds))
    assert all(f"Note: {note[:40]}" in shown for note in result["notes"])
    assert "\x1b" not in shown


def test_in_words_it_speaks_both_languages_with_the_same_numbers():
    made = plan("lenet", "digits", size=28, epochs=2, precision="float32").forecast()
    said = made.in_words()
    with use_language("zh"):
        in_chinese = made.in_words(), made.in_words(goes_on=True)
    assert said.startswith("Forecast: ")
    assert in_chinese[0].startswith(f"预测：共 {duration(made.run.value)}（")
    assert in_chinese[1].startswith("预测：还需 ")
    figures = r"\d[\d.,]*"
    assert re.findall(figures, said) == re.findall(figures, in_chinese[0])


def test_epochs_within_a_time():
    forecast = Plan("lenet", "mnist", precision="float32").forecast(64)
    found = forecast.epochs_within(10)
    assert found.value * forecast.epoch.value == pytest.approx(600)
    assert found.low * forecast.epoch.high == pytest.approx(600)
    assert found.low < found.value < found.high


def test_a_time_that_is_given_does_not_make_the_epochs_surer():
    free = Plan("lenet", "mnist", precision="float32", epochs=3).forecast(64)
    timed = Plan("lenet", "mnist", precision="float32", epochs=None, minutes=30).forecast(64)
    spread = [each.epoch.high / each.epoch.low for each in (free, timed)]
    assert spread[1] > 1.2
    assert spread[1] == pytest.approx(spread[0], rel=0.3)
    assert timed.run.high / timed.run.low < 1.1  # the training itself takes what it is given


def test_what_is_left_is_steps_and_evaluations():
    forecast = Plan("lenet", "mnist", precision="float32", epochs=3).forecast(64)
    steps = 2 * forecast.steps_per_epoch
    slow = 2 * forecast.uncorrected["step"]
    left = forecast.seconds_left(steps, slow)
    assert left - steps * slow == pytest.approx(2 * 2 * forecast.evaluation_seconds, rel=0.01)


def test_memory_grows_with_the_batch():
    (forecaster,) = Plan("lenet", "digits", size=28, precision="float32").forecasters
    small, large = (
        forecaster.at(size, measuring_seconds=0).step_memory.live for size in (64, 4096)
    )
    assert large > 10 * small


def test_a_network_that_fails_on_real_images_too_is_refused_in_one_line():
    class Asks(nn.Module):
        def __init__(self):
            super().__init__()
            self.dense = nn.Linear(784, 10)

        def forward(self, x):
            if x.sum().item() > 0:
                raise RuntimeError("no such images, please")
            return self.dense(x.flatten(1))

    with pytest.raises(cs.ConvscopeError, match="can't be forecast"):
        plan(Asks(), image_shape=(1, 28, 28), recipe=cs.Recipe(epochs=1))


def test_without_data_or_shape():
    with pytest.raises(cs.UsageError, match="Give data, or image_shape"):
        plan("lenet")


def test_a_time_that_is_given_is_filled_as_history_says(monkeypatch):
    slow = [ForecastOutcome("run", 1.0, 2.0, "other", 1, "float32") for _ in range(90)]
    for module in ("forecaster", "run_time"):
        monkeypatch.setattr(
            f"convscope.planning.{module}.outcomes", lambda what: slow if what == "run" else []
        )
    found = Plan("lenet", "mnist", precision="float32", minutes=5, epochs=None).forecast(64)
    assert found.run.value / found.uncorrected["run"] > 1.7
    outside = found.start_seconds + found.final_evaluation_seconds
    # The step under way when the time is up is finished, a checkpoint written. No epoch is begun
    # for whose evaluation no time is left; the first one is evaluated in any case (twice as slowly
    # as it seems, here).
    evaluation = 2 * found.evaluation_seconds
    least, most = 300 + outside - evaluation, 300 + outside + evaluation + 2 * found.step.value
    assert least < found.run.value < most + 0.1
    assert 300 < found.run.low < found.run.value <= found.run.high < 300 + 3 * outside


@pytest.mark.slow
def test_a_short_time_is_forecast_with_the_evaluation_that_follows_it():
    made = Plan("resnet18", "fashion-mnist", precision="float32", minutes=0.1, epochs=1)
    found = made.forecast(64)
    assert found.epochs < 0.5
    outside = found.start_seconds + found.evaluation_seconds + found.final_evaluation_seconds
    assert found.run.value == pytest.approx(6 + outside, abs=found.step.value + 1.0)
    assert found.run.low > 6


def test_a_run_of_little_but_start_and_report_is_unsure_until_one_was_measured(
    monkeypatch, own_cache
):
    monkeypatch.setattr(Contention, "share", 0.0)
    monkeypatch.setattr("convscope.planning.forecaster.total", lambda timings: (1.0, 0.0))

    def forecast(epochs):
        made = Plan("lenet", None, "fast", image_shape=(1, 28, 28), epochs=epochs)
        found = made.replace(precision="float32").forecast()
        return found.uncorrected["run"], math.log(found.run.high / found.run.low)

    # Twice the share of the run whose length is that of another machine comes on top.
    costs = FixedCosts()
    elsewhere = costs.start_seconds + costs.final_evaluation_seconds
    (short, wide), (long, narrow) = forecast(1), forecast(4000)
    usual = narrow / (1 + 2 * elsewhere / long)
    assert wide == pytest.approx(usual * (1 + 2 * elsewhere / short))
    assert wide > narrow
    remember_fixed_costs(costs)
    assert forecast(1)[1] == pytest.approx(usual)
