"""The forecast of a run beside what came, and what later forecasts learn from it."""

import json
import time

import numpy as np
import pytest
import torch
from torch import nn

import convscope as cs
from convscope.planning.fixed_costs import fixed_costs
from convscope.planning.forecaster import Forecaster
from convscope.planning.history import outcomes
from convscope.runtime.contention import Contention
from tests.conftest import leave_out_forecast

pytestmark = [pytest.mark.usefixtures("own_cache"), pytest.mark.forecasts]


def images(count=64):
    images = np.random.default_rng(0).integers(0, 255, (count, 1, 8, 8), dtype=np.uint8)
    return cs.ImageSet(images, np.arange(count) % 2, ("a", "b"))


DATA = {"train": images(), "test": images(16)}


def module():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2))


def trained(folder, **changes):
    recipe = cs.Recipe(epochs=2, batch_size=8, precision="float32", threads=1, device="cpu")
    return cs.train(module(), DATA, recipe.replace(**changes), out=folder)


def rows(run):
    content = json.loads((run.folder / "forecast.json").read_text())
    return {row["what"]: row for row in content["rows"]}


def words(capsys):
    return " ".join(capsys.readouterr().err.split())


def idle(monkeypatch, share=0.0):
    """As in a process that has just begun, on a machine with as much other work as given."""
    monkeypatch.setattr(Contention, "share", share)
    monkeypatch.setattr("convscope.training.expectation.age_seconds", lambda: 30.0)


def test_a_run_leaves_forecast_and_actual(tmp_path, monkeypatch, capsys):
    idle(monkeypatch)
    found = rows(trained(tmp_path / "run"))
    assert found.keys() == {"step time", "run time", "peak memory"}
    assert all(row["low"] < row["forecast"] < row["high"] for row in found.values())
    assert {each.what for each in outcomes()} == {"step", "run", "memory"}
    assert fixed_costs()[1]
    said = words(capsys)
    assert " in all (" in said
    assert "Forecast and actual: run time" in said
    assert "Other programs" not in said


@pytest.mark.slow
def test_what_came_holds_the_report(tmp_path, monkeypatch):
    idle(monkeypatch)
    run = trained(tmp_path / "run")
    came = (run.folder / "forecast.json").stat().st_mtime_ns
    tables = (run.folder / "evaluation.json").stat().st_mtime_ns
    assert tables <= came <= run.report_file.stat().st_mtime_ns
    assert "Forecast and actual" in run.report_file.read_text(encoding="utf-8")


@pytest.mark.slow
def test_minutes_that_end_within_an_epoch_are_forecast_with_its_evaluation(tmp_path, monkeypatch):
    idle(monkeypatch)
    seen = []
    monkeypatch.setattr(
        "convscope.training.expectation.Expectation.settle",
        lambda self, _: seen.append(self.forecast),
    )
    trained(tmp_path / "run", epochs=None, minutes=0.02)
    (forecast,) = seen
    outside = forecast.start_seconds + forecast.final_evaluation_seconds
    assert forecast.run.value > 1.2 + outside
    assert forecast.run.low > 1.2


def test_nothing_is_learned_from_times_on_a_busy_machine(tmp_path, monkeypatch, capsys):
    idle(monkeypatch, 0.5)
    found = rows(trained(tmp_path / "run"))
    assert found.keys() == {"step time", "run time", "peak memory"}
    assert {each.what for each in outcomes()} == {"memory"}
    assert not fixed_costs()[1]
    assert "Other programs held this one up (50 % of the time it waited" in words(capsys)


@pytest.mark.parametrize(
    ("share", "is_said"), [pytest.param(0.0, False, marks=pytest.mark.slow), (0.5, True)]
)
def test_what_was_measured_on_a_busy_machine_is_told_how_to_repeat(
    tmp_path, monkeypatch, capsys, share, is_said
):
    leave_out_forecast(monkeypatch)
    monkeypatch.setattr(Contention, "share", share)
    monkeypatch.setattr("convscope.runtime.choose_execution._measure_threads", lambda *_: 1)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        run = trained(tmp_path / "run", threads=None, epochs=1)
    finally:
        torch.set_num_threads(before)
    said = words(capsys)
    assert ("The machine was busy while it was measured" in said) == is_said
    assert (f"--recipe {run.recipe_file}" in said) == is_said


@pytest.mark.slow
def test_what_is_left_of_a_resumed_run_is_forecast(tmp_path, monkeypatch, capsys):
    idle(monkeypatch)
    run = trained(tmp_path / "run")
    costs = len((tmp_path / "cache" / "fixed_costs.jsonl").read_text().splitlines())
    run.recipe.replace(epochs=4).write(run.recipe_file)
    capsys.readouterr()
    cs.resume(run, module=module(), data=DATA)
    assert " more (" in words(capsys)
    assert "time since it was resumed" in rows(run)
    assert len((tmp_path / "cache" / "fixed_costs.jsonl").read_text().splitlines()) == costs


@pytest.mark.slow
def test_a_run_that_has_ended_is_evaluated_again_without_a_forecast(tmp_path, monkeypatch, capsys):
    idle(monkeypatch)
    run = trained(tmp_path / "run")
    before, learned = rows(run), len(outcomes())
    capsys.readouterr()
    cs.resume(run, module=module(), data=DATA)
    assert "Forecast" not in words(capsys)
    assert rows(run) == before
    assert len(outcomes()) == learned


def test_the_start_that_later_forecasts_know_holds_the_forecast(tmp_path, monkeypatch):
    idle(monkeypatch)
    forecast = Forecaster.at

    def slow_at(self, *args, **settings):
        time.sleep(0.4)
        return forecast(self, *args, **settings)

    monkeypatch.setattr(Forecaster, "at", slow_at)
    begun = time.perf_counter()
    trained(tmp_path / "run")
    assert 0.4 < fixed_costs()[0].start_seconds < time.perf_counter() - begun
