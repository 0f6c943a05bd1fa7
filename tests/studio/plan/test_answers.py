"""The plan view's figures against the Python API, and what it refuses.

Tests studio/plan/answers.py, studio/plan/routes.py, studio/plan/runs_like.py,
studio/plan/settings.py, studio/plan/worker.py.
"""

import httpx
import pytest

import convscope as cs
from convscope.errors import ConvscopeError
from convscope.planning.memory_timeline import KINDS, memory_timeline
from convscope.planning.plan import Plan
from convscope.studio.plan.answers import COLUMNS, answer, step_timeline
from convscope.studio.plan.runs_like import runs_like
from convscope.studio.plan.settings import PlanSettings
from tests.studio.conftest import TOKEN, served_studio
from tests.studio.runs.stored import copy_run

LENET = {"network": "lenet", "data": "mnist", "recipe": "", "changes": {"precision": "float32"}}


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CONVSCOPE_CACHE", str(tmp_path / "cache"))


@pytest.mark.parametrize("batch_size", [3, 64])
def test_the_drawn_memory_is_that_of_the_step_and_holds_its_peak(batch_size):
    forecaster = Plan("lenet", "mnist", precision="float32").forecasters[0]
    timeline = memory_timeline(forecaster.step, batch_size)
    found = step_timeline(forecaster, batch_size)
    assert found["kinds"] == list(KINDS)
    assert len(found["bytes"]) <= COLUMNS
    totals = timeline.bytes.sum(axis=0)
    assert found["most"] == sum(found["bytes"][found["peak"]]) == totals.max()
    columns = {tuple(column) for column in timeline.bytes.T.tolist()}
    assert {tuple(column) for column in found["bytes"]} <= columns
    names = [each["phase"] for each in found["phases"]]
    assert names == ["forward", "backward", "optimizer"]
    places = [each["at"] for each in found["phases"]]
    assert places == sorted(places)
    assert found["moment"]["phase"] == timeline.phases[timeline.peak]


def test_like_runs_are_those_that_were_trained_so(tmp_path, cache):
    facts = copy_run(tmp_path, "first")
    recipe = cs.Run(facts).recipe
    like = (recipe.network, recipe.data, recipe.size, recipe.batch_size)
    copy_run(tmp_path, "second")
    (copy_run(tmp_path, "unfinished") / "forecast.json").unlink()
    found = runs_like(tmp_path, *like, recompute=False)
    assert sorted(each["name"] for each in found) == ["first", "second"]
    forecast = {row["what"]: row["actual"] for row in cs.Run(facts).summary()["forecast"]}
    assert found[0]["step"]["actual"] == forecast["step time"]
    assert found[0]["memory"]["actual"] == forecast["peak memory"]
    assert runs_like(tmp_path, *like, recompute=True) == []
    for place, other in ((0, "lenet"), (1, "mnist"), (2, 99), (3, 1)):
        changed = [*like]
        changed[place] = other
        assert runs_like(tmp_path, *changed, recompute=False) == []


def test_settings_are_those_of_a_training_with_recomputation():
    given = PlanSettings(network="lenet", data="mnist", batch_size=8, recompute=True)
    assert given.changes() == {"batch_size": 8, "recompute": "auto"}
    with pytest.raises(ValueError, match="batch_size"):
        PlanSettings(network="lenet", data="mnist", batch_size=0)


@pytest.mark.slow
def test_a_forecast_is_the_planning_rooms():
    changes = {"precision": "float32", "batch_size": 32, "epochs": 3}
    found = answer({**LENET, "what": "forecast", "changes": changes})
    plan = cs.plan("lenet", "mnist", precision="float32", batch_size=32, epochs=3)
    told, own = found["forecast"], plan.as_dict()
    assert found["recipe"]["epochs"] == 3
    assert told["memory"]["parts"].keys() == own["memory"]["parts"].keys()
    assert told["memory"]["peak_bytes"] == pytest.approx(own["memory"]["peak_bytes"], rel=0.05)
    assert told["time"]["steps_per_epoch"] == own["time"]["steps_per_epoch"]
    for each in found["batches"]:
        memory = plan.forecasters[0].memory_at(each["batch_size"])
        assert each["memory"]["value"] == pytest.approx(memory.value, rel=0.05)
    longer = answer({**LENET, "what": "forecast", "changes": {**changes, "epochs": 6}})
    assert longer["forecast"]["time"]["run_seconds"] > told["time"]["run_seconds"]
    limit = round(1.2 * told["memory"]["high"])
    largest = answer({**LENET, "what": "largest", "changes": changes, "limit": limit})
    assert largest["batch_size"] == plan.largest_batch(limit).batch_size
    with pytest.raises(ConvscopeError, match="doesn't fit"):
        answer({**LENET, "what": "largest", "changes": changes, "limit": 1000})


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_interface_answers_in_a_process_of_its_own(tmp_path):
    copy_run(tmp_path, "first")
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with (
        served_studio(tmp_path) as address,
        httpx.Client(base_url=address, verify=False, timeout=300, headers=headers) as client,  # noqa: S501
    ):
        choices = client.get("/api/plan/choices").json()
        assert [each["name"] for each in choices["networks"]] == list(cs.list_networks())
        assert "digits" in choices["data"]
        recipe = cs.Run(tmp_path / "first").recipe
        asked = {
            "network": recipe.network, "data": recipe.data, "size": recipe.size,
            "batch_size": recipe.batch_size, "precision": "float32",
        }  # fmt: skip
        found = client.post("/api/plan/forecast", json=asked).json()
        assert [each["name"] for each in found["runs"]] == ["first"]
        assert found["forecast"]["batch_size"] == recipe.batch_size
        costs = client.post("/api/plan/costs", json={"data": "digits", "size": 16}).json()
        names = {each["network"] for each in costs["networks"]} | set(costs["left_out"])
        assert names == set(cs.list_networks())
        accuracy = cs.Run(tmp_path / "first").summary()["accuracy"]
        assert costs["accuracies"][recipe.network]["accuracy"] == accuracy
        one = {"data": "digits", "size": 16, "network": "lenet"}
        told = client.post("/api/plan/costs", json=one).json()
        assert list(told) == ["lenet"]
        assert told["lenet"]["time"]["epoch_seconds"] > 0
        for wrong in ({"network": "nonesuch"}, {"data": "/no/such/folder"}, {"batch_size": -1}):
            refused = client.post("/api/plan/forecast", json={**asked, **wrong})
            assert refused.status_code == 422, wrong
            assert refused.json()["error"]
