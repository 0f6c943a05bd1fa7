"""Trainings are started, found again, stopped and gone on with; what each is doing is told.

Tests studio/train/trainings.py, studio/train/processes.py, studio/train/progress.py.
"""

import json
import os
import shutil
import signal
import subprocess
import sys

import pytest

from convscope.runs.checked_json import write_checked
from convscope.studio.train import trainings as trainings_file
from convscope.studio.train.processes import start_mark, start_process
from convscope.studio.train.progress import ProgressReader
from convscope.studio.train.settings import TrainingSettings
from convscope.studio.train.trainings import FOLDER, TrainingList
from convscope.web.failures import Refused
from tests.studio.browser import until
from tests.studio.train.made import made_command, write_rows

SETTINGS = TrainingSettings(network="lenet", data="digits")


@pytest.fixture
def made(tmp_path, monkeypatch):
    """Trainings whose command is a small program; sets what it does with `options`."""
    options = {"steps": 20, "pause": 0.0, "fault": "none"}
    monkeypatch.setattr(
        trainings_file, "train_command", lambda _, folder: made_command(folder, **options)
    )
    monkeypatch.setattr(
        trainings_file,
        "resume_command",
        lambda folder: made_command(folder, **options, start=newest(folder)),
    )
    trainings = TrainingList(tmp_path / "runs")
    trainings.options = options
    yield trainings
    for each in trainings.all():
        if each.is_going_on:
            os.kill(each.number, signal.SIGKILL)
            until(lambda each=each: each.is_going_on, wanted=False)


def newest(folder):
    return max((int(file.stem[5:]) for file in folder.glob("checkpoints/*.json")), default=0)


def told(trainings, run):
    return ProgressReader(trainings).read(trainings.find(run))


def state(trainings, run):
    return told(trainings, run)["state"]


def test_a_training_runs_and_ends(made):
    run = made.start(SETTINGS).run
    assert run == "lenet-digits-1"
    until(lambda: state(made, run), "ended")
    found = told(made, run)
    assert (found["step"], found["epoch"], found["epochs"], found["checkpoint"]) == (20, 2, 2, 20)
    assert (found["network"], found["data"], found["damaged"]) == ("lenet", "digits", 0)
    assert found["printed"] == "accuracy 1\n"
    assert made.start(SETTINGS).run == "lenet-digits-2"


def test_a_network_that_only_guesses_is_told(made):
    run = made.start(SETTINGS).run
    until(lambda: state(made, run), "ended")
    assert told(made, run)["accuracy"] is None  # there is no evaluation that could be read
    content = {"accuracy": 0.3, "loss": 2.0, "split": "test"}
    content["per_class"] = [{"count": 30}, {"count": 70}]
    for interval, guesses in (((0.69, 0.8), True), ((0.71, 0.8), False)):
        file = made.folder(run) / "evaluation.json"
        write_checked(file, content | {"interval": interval})
        found = told(made, run)["accuracy"]
        assert (found["guesses"], found["interval"]) == (guesses, list(interval))


def test_only_the_run_its_process_and_its_start_are_kept(made, tmp_path):
    begun = made.start(SETTINGS)
    kept = json.loads((tmp_path / "runs" / FOLDER / "trainings.json").read_text())
    assert [set(each) for each in kept] == [{"run", "number", "mark", "since"}]
    assert TrainingList(tmp_path / "runs").all() == [begun]


def test_a_paused_training_goes_on_from_its_checkpoint(made):
    made.options |= {"steps": 2000, "pause": 0.03}
    run = made.start(SETTINGS).run
    until(lambda: (told(made, run)["step"] or 0) >= 11)
    assert state(made, run) == "running"
    with pytest.raises(Refused, match="still going on"):
        made.resume(run)
    with pytest.raises(Refused, match="still going on"):
        made.forget(run)
    made.stop(run)
    until(lambda: state(made, run), "paused")
    assert told(made, run)["message"].startswith("Stopped; everything is kept")
    made.options["pause"] = 0.0
    made.resume(run)
    until(lambda: state(made, run), "ended")
    assert len(made.all()) == 1


def test_a_killed_training_is_called_so_and_can_be_resumed(made):
    made.options |= {"steps": 2000, "pause": 0.03}
    begun = made.start(SETTINGS)
    until(lambda: (told(made, begun.run)["step"] or 0) >= 3)
    os.kill(begun.number, signal.SIGKILL)
    until(lambda: state(made, begun.run), "killed")
    assert told(made, begun.run)["can_resume"]
    made.options["pause"] = 0.0
    made.resume(begun.run)
    until(lambda: state(made, begun.run), "ended")


def test_an_error_is_told_in_the_trainings_words(made):
    made.options["fault"] = "error"
    run = made.start(SETTINGS).run
    until(lambda: state(made, run), "failed")
    assert told(made, run)["message"] == "The loss became nan"


def test_a_deleted_folder_and_damaged_lines_are_told(made, tmp_path):
    run = made.start(SETTINGS).run
    until(lambda: state(made, run), "ended")
    file = tmp_path / "runs" / run / "metrics.jsonl"
    file.write_bytes(file.read_bytes()[:-5])
    write_rows(file, [21, 22])
    reader = ProgressReader(made)
    assert (reader.read(made.find(run))["damaged"], reader.read(made.find(run))["step"]) == (1, 22)
    shutil.rmtree(tmp_path / "runs" / run)
    found = reader.read(made.find(run))
    assert (found["state"], found["step"]) == ("deleted", None)
    with pytest.raises(Refused, match="nothing to go on from"):
        made.resume(run)
    made.forget(run)
    assert made.all() == []


def test_not_too_many_go_on_at_once(made, monkeypatch):
    made.options |= {"steps": 2000, "pause": 0.1}
    made.start(SETTINGS)
    made.start(SETTINGS)
    with pytest.raises(Refused, match="2 trainings go on already"):
        made.start(SETTINGS)


def test_a_full_disk_refuses(made, monkeypatch):
    usage = shutil.disk_usage("/")._replace(free=5 << 20)
    monkeypatch.setattr(trainings_file.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(Refused, match="only 5 MB free"):
        made.start(SETTINGS)


def test_another_process_of_the_same_number_is_not_taken_for_it(made):
    begun = made.start(SETTINGS)
    until(lambda: begun.is_going_on, wanted=False)
    other = begun.model_copy(update={"number": os.getpid()})
    assert start_mark(os.getpid()) is not None
    assert not other.is_going_on


@pytest.mark.parametrize("content", ["", "[1]", '{"a": 1}', '[{"run": ".."}]', "null"])
def test_a_damaged_list_is_an_empty_one(tmp_path, content):
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "trainings.json").write_text(content)
    assert TrainingList(tmp_path).all() == []


def test_names_that_lead_elsewhere_are_none(tmp_path):
    (tmp_path / FOLDER).mkdir()
    rows = [{"run": run, "number": 1, "mark": "", "since": 0} for run in ("../x", "..", "a/b", "c")]
    (tmp_path / FOLDER / "trainings.json").write_text(json.dumps(rows))
    assert [each.run for each in TrainingList(tmp_path).all()] == ["c"]
    with pytest.raises(Refused, match="No training of the name"):
        TrainingList(tmp_path).find("../x")


def test_a_process_is_in_a_session_of_its_own(tmp_path):
    code = "import os; print(os.getsid(0) == os.getpid())"
    number = start_process([sys.executable, "-c", code], tmp_path / "log")
    until(lambda: start_mark(number) is None)
    assert (tmp_path / "log").read_text() == "True\n"


def test_a_child_that_ended_unasked_is_no_process():
    child = subprocess.Popen([sys.executable, "-c", ""])
    until(lambda: start_mark(child.pid) is None)
    assert child.wait() == 0
