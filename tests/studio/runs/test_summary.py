"""What the table says of runs, and that only changed ones are read again.

Tests studio/run_folders.py, studio/runs/summary.py, studio/runs/summaries.py.
"""

import contextlib
import json
import os
import shutil
import time

import pytest

from convscope.runs.claim import CLAIM, claimed
from convscope.runs.run import Run
from convscope.studio import run_folders
from convscope.studio.runs import summaries, summary
from convscope.studio.runs.summary import QUIET_SECONDS, summarize
from convscope.web.failures import Refused
from tests.studio.runs.stored import GOLDEN, HOSTILE, all_kinds, copy_run


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CONVSCOPE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = all_kinds(tmp_path_factory.mktemp("runs"))
    with claimed(folder / "running"):
        yield folder


def test_a_summary_is_what_the_run_itself_says():
    facts = Run(GOLDEN).as_dict()
    found = summarize(GOLDEN)
    assert (found.network, found.data, found.epochs) == (
        facts["network"], facts["data"], facts["epochs"]
    )  # fmt: skip
    assert (found.accuracy, [found.low, found.high], found.loss, found.split) == (
        facts["accuracy"], list(facts["interval"]), facts["loss"], facts["split"]
    )  # fmt: skip
    assert found.seconds == facts["seconds"]
    rows = {row["what"]: row for row in facts["forecast"]}
    for figure, what in ((found.time, "run time"), (found.memory, "peak memory")):
        told = {"forecast": figure.forecast, "low": figure.low, "high": figure.high}
        assert told == {name: rows[what][name] for name in told}
        assert figure.actual == rows[what]["actual"]


def test_every_state_is_told(runs, cache):
    found = summaries.read_summaries(runs)
    states = {name: run.state for name, run in found.items()}
    assert states == {
        **dict.fromkeys(("first", "older", *HOSTILE), "finished"),
        **{name: name for name in ("stopped", "running", "failed")},
        **dict.fromkeys(
            ("damaged line", "damaged evaluation", "damaged forecast", "damaged recipe"), "damaged"
        ),
    }
    assert found["failed"].reason == "The loss became NaN."
    assert "Line 2 of" in found["damaged line"].reason
    assert found["damaged line"].accuracy == found["first"].accuracy
    assert "evaluation.json" in found["damaged evaluation"].reason
    assert found["damaged evaluation"].epochs == found["first"].epochs


def test_without_locks_the_time_tells_whether_a_run_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(summary, "is_claimed", lambda folder: None)
    made = copy_run(tmp_path, "made")
    (made / "evaluation.json").unlink()
    now = time.time()
    for file in made.rglob("*"):
        os.utime(file, (now, now))
    assert summarize(made, now + QUIET_SECONDS - 1).state == "running"
    assert summarize(made, now + QUIET_SECONDS + 1).state == "stopped"
    row = {"kind": "epoch", "step": 9, "epoch": 1, "seconds": 1000.0}
    (made / "metrics.jsonl").write_text(json.dumps(row) + "\n")
    os.utime(made / "metrics.jsonl", (now, now))
    assert summarize(made, now + 999).state == "running"
    assert summarize(made, now + 1001).state == "stopped"


def test_only_changed_runs_are_read_again(tmp_path, cache, monkeypatch):
    folder = tmp_path / "runs"
    for name in "abc":
        copy_run(folder, name)
    before = summaries.read_summaries(folder)
    read = []

    def summarize_and_tell(run):
        read.append(run.name)
        return summarize(run)

    monkeypatch.setattr(summaries, "summarize", summarize_and_tell)
    assert summaries.read_summaries(folder) == before
    assert read == []
    (folder / "b" / "evaluation.json").unlink()
    shutil.rmtree(folder / "c")
    after = summaries.read_summaries(folder)
    assert read == ["b"]
    assert list(after) == ["a", "b"]
    assert (after["a"].state, after["b"].state) == ("finished", "stopped")
    kept = next((cache / "studio").glob("*.json"))
    assert set(json.loads(kept.read_text())["runs"]) == {"a", "b"}
    kept.write_text("[]")  # damaged, or of another version: all is read anew
    assert summaries.read_summaries(folder) == after
    assert read == ["b", "a", "b"]


def test_the_claim_of_a_process_tells_that_a_run_goes_on(tmp_path, cache):
    folder = tmp_path / "runs"
    made = copy_run(folder, "made")
    (made / "evaluation.json").unlink()
    states = []
    for holder in (contextlib.nullcontext(), claimed(made), contextlib.nullcontext()):
        with holder:
            states.append(summaries.read_summaries(folder)["made"].state)
    assert states == ["stopped", "running", "stopped"]
    (made / CLAIM).write_text("process 1 on another")  # as a process leaves it that was killed
    assert summaries.read_summaries(folder)["made"].state == "stopped"
    assert (made / CLAIM).exists()


def test_runs_are_found_by_name_alone(runs, tmp_path):
    assert run_folders.find_run("first", runs) == runs / "first"
    for name in ("", "../first", "first/", "gone", str(runs / "first")):
        with pytest.raises(Refused, match="There is no run"):
            run_folders.find_run(name, runs)
    assert run_folders.list_runs(tmp_path / "missing") == {}
    assert run_folders.list_runs(runs / "first") == {".": runs / "first"}
