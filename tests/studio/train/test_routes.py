"""The train view's interface, without a browser and without torch's trainings where it can be.

Tests studio/train/routes.py, studio/train/dials.py, studio/train/forecast_worker.py,
studio/train/checkpoint_view.py.
"""

import asyncio
import contextlib
import os
import re
import signal
import subprocess
import sys

import httpx
import numpy as np
import pytest

import convscope as cs
from convscope.runs.checkpoint import latest_checkpoint
from convscope.studio.train import checkpoint_view
from convscope.studio.train import dials as dials_file
from convscope.studio.train import trainings as trainings_file
from convscope.studio.train.checkpoint_view import show_checkpoint
from convscope.studio.train.dials import Dials
from convscope.studio.train.forecast_worker import forecast
from convscope.studio.train.trainings import TrainingList
from convscope.web.failures import Refused
from tests.studio.browser import until
from tests.studio.conftest import TOKEN, received, served_studio
from tests.studio.train.made import made_command


@pytest.fixture
def served(tmp_path, monkeypatch):
    """A studio whose trainings are small programs: what asks it, and its folder of runs."""
    monkeypatch.setattr(trainings_file, "train_command", lambda _, folder: made_command(folder))
    with served_studio(tmp_path / "runs") as address:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        url = f"{address}/api/train/"
        with httpx.Client(base_url=url, headers=headers, verify=False, timeout=60) as client:  # noqa: S501
            yield client, tmp_path / "runs"


def test_a_training_from_start_to_end(served):
    client, runs = served
    assert client.get("trainings").json() == {"trainings": []}
    begun = client.post("start", json={"network": "lenet", "data": "digits"}).json()
    run = begun["run"]
    until(lambda: client.get("trainings").json()["trainings"][0]["state"], "ended")
    found = client.get("rows", params={"run": run}).json()
    assert [row["step"] for row in found["rows"]] == list(range(1, 21))
    again = client.get("rows", params={"run": run, "after": found["place"]}).json()
    assert (again["rows"], again["whole"], again["progress"]["step"]) == ([], True, 20)
    said = client.get("words", params={"run": run}).json()["sentences"]
    assert (
        said["train_loss"]["en"] == "Training loss fell from 0.2 to 0.1 since step 10, its least."
    )
    with client.stream("GET", "events", params={"run": run, "after": "x"}) as events:
        assert events.headers["content-type"].startswith("text/event-stream")
        lines = events.iter_lines()
        first = next(line for line in lines if line.startswith("id: "))
    assert first == f"id: {found['place']}"
    with client.stream(
        "GET", "events", params={"run": run}, headers={"Last-Event-ID": found["place"]}
    ) as events:
        named = next(line for line in events.iter_lines() if line.startswith("event: "))
    assert named == "event: progress"  # no rows: it has them all
    assert client.post("forget", json={"run": run}).json() == {"run": run}
    assert client.get("trainings").json() == {"trainings": []}
    assert (runs / run / "metrics.jsonl").is_file()


@pytest.mark.parametrize("path", ["rows", "events", "words", "checkpoint"])
def test_a_run_that_was_not_started_here_is_refused(served, path):
    client, runs = served
    (runs / "secret").mkdir(parents=True)
    for name in ("secret", "../..", "", "a" * 300):
        answer = client.get(path, params={"run": name})
        assert answer.status_code == 404
        assert answer.json()["key"] == "refused.train.run"


def test_what_may_not_be_set_is_refused(served):
    client, runs = served
    for body in (
        {"network": "lenet"},
        {"network": "lenet", "data": "digits", "epochs": "3; rm -rf /"},
        {"network": "lenet", "data": "digits", "out": "/x"},
        {"network": "$(id)", "data": "digits"},
        {"network": "lenet", "data": "$(id)"},
    ):
        assert client.post("start", json=body).status_code == 422
    assert not list(runs.glob("*")) if runs.exists() else True


def test_only_the_last_of_several_questions_is_answered(monkeypatch):
    asked = []

    class SlowLine:
        async def readline(self):
            await asyncio.sleep(0.05)
            return b'{"n": %d}\n' % len(asked)

    class Worker:
        stdout, returncode = SlowLine(), None

        class stdin:  # noqa: N801
            write = staticmethod(asked.append)

        kill = staticmethod(lambda: None)

    async def start_worker(*_, **__):
        return Worker()

    monkeypatch.setattr(dials_file.asyncio, "create_subprocess_exec", start_worker)

    async def turn():
        dials = Dials()
        try:
            return await asyncio.gather(
                *(dials.forecast({"n": i}) for i in range(4)), return_exceptions=True
            )
        finally:
            dials.end()

    answers = asyncio.run(turn())
    assert len(asked) == 2  # the one that was being answered, and the last
    assert answers[0] == {"n": 1}
    assert [type(each) for each in answers[1:3]] == [Refused, Refused]
    assert answers[3] == {"n": 2}


def test_a_worker_that_ends_is_said_and_started_again():
    async def turn():
        dials = Dials([sys.executable, "-c", "input()"])
        found = [await asyncio.gather(dials.forecast({}), return_exceptions=True) for _ in range(2)]
        dials.end()
        return found

    for (answer,) in asyncio.run(turn()):
        assert isinstance(answer, Refused)
        assert answer.details["key"] == "refused.train.forecast"


def test_an_earlier_look_is_shown_again(served, monkeypatch):
    client, _ = served
    run = client.post("start", json={"network": "lenet", "data": "digits"}).json()["run"]
    looks = iter([10, 20])

    def look(folder, image):
        dead = {"dead": 1, "units": 4}
        return {"step": next(looks), "dead": dead, "name": folder.name, "image_name": image}

    monkeypatch.setattr(checkpoint_view, "show_checkpoint", look)
    client.get("checkpoint", params={"run": run})
    newest = client.get("checkpoint", params={"run": run, "image": "letter"}).json()
    assert [each["step"] for each in newest["history"]] == [10, 20]
    earlier = client.get("checkpoint", params={"run": run, "step": 10}).json()
    assert (earlier["step"], earlier["image_name"]) == (10, "digit-3")
    assert earlier["history"] == newest["history"]
    answer = client.get("checkpoint", params={"run": run, "step": 11})
    assert (answer.status_code, answer.json()["key"]) == (422, "refused.train.look")
    until(lambda: client.get("trainings").json()["trainings"][0]["state"], "ended")


@pytest.mark.slow
def test_forecasts_are_those_of_the_library():
    asked = {"network": "lenet", "data": "digits", "recipe": "fast"}
    changes = {"precision": "float32", "epochs": 5, "learning_rate": 0.5}
    found = forecast({**asked, "changes": changes})
    plan = cs.plan("lenet", "digits", "fast", precision="float32", epochs=5)
    for name in ("batch_size", "size", "precision", "network"):
        assert found["forecast"][name] == plan.as_dict()[name]
    assert found["usual"]["epochs"] == 20
    more = forecast({**asked, "changes": {**changes, "epochs": 50, "batch_size": 16}})["forecast"]
    assert (more["time"]["epochs"], more["batch_size"]) == (50, 16)
    assert more["time"]["run_seconds"] > found["forecast"]["time"]["run_seconds"]
    with pytest.raises(cs.UsageError, match="too small for lenet"):
        forecast({**asked, "changes": {"size": 1}})


@pytest.mark.slow
def test_kernels_and_maps_are_those_of_the_newest_checkpoint(tmp_path):
    run = cs.train("lenet", "digits", "fast", epochs=2, out=tmp_path / "run", quiet=True)
    found = show_checkpoint(run.folder, "digit-3")
    weights = latest_checkpoint(run.checkpoints).tensors["network.features.conv1.weight"]
    assert np.array_equal(received(found["kernels"]["images"]), weights.double().numpy())
    assert (found["step"], found["layer"]) == (run.metrics("epoch")[-1]["step"], "features.conv1")
    assert received(found["maps"]["thumbnails"]).shape[0] == len(weights)
    assert (found["dead"]["units"], found["image_name"]) == (0, "digit-3")  # of sigmoids
    with pytest.raises(Refused, match="no finished epoch"):
        show_checkpoint(tmp_path, "digit-3")


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_studio_that_is_killed_takes_nothing_with_it(tmp_path):
    """Both as commands: the training goes on, and the next studio finds it."""
    runs = tmp_path / "runs"

    @contextlib.contextmanager
    def opened():
        command = [sys.executable, "-m", "convscope", "studio", str(runs), "--no-open"]
        with subprocess.Popen(
            [*command, "--port", "0"],
            stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"},
        ) as studio:  # fmt: skip
            line = studio.stdout.readline()
            address, token = re.search(r"(http\S+)/\?token=(\S+)", line).groups()
            headers = {"Authorization": f"Bearer {token}"}
            url = f"{address}/api/train/"
            try:
                with httpx.Client(base_url=url, headers=headers, verify=False, timeout=120) as it:  # noqa: S501
                    yield studio, it
            finally:
                studio.kill()

    training = None
    try:
        with opened() as (studio, client):
            body = {"network": "lenet", "data": "digits", "recipe": "fast", "epochs": 2000}
            run = client.post("start", json=body).json()["run"]
            training = TrainingList(runs).find(run)
            metrics = runs / run / "metrics.jsonl"
            until(metrics.exists, seconds=120)
            studio.kill()
        size = metrics.stat().st_size
        until(lambda: metrics.stat().st_size > size, seconds=60)
        assert training.is_going_on
        with opened() as (studio, client):
            assert client.get("trainings").json()["trainings"][0]["state"] == "running"
            client.post("stop", json={"run": run})
            until(lambda: client.get("trainings").json()["trainings"][0]["state"], "paused", 60)
            studio.send_signal(signal.SIGTERM)
            assert studio.wait(30) == 0
    finally:
        if training is not None and training.is_going_on:
            os.kill(training.number, signal.SIGKILL)
