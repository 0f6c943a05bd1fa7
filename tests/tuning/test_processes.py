"""Several processes share a study, and one that is killed loses nothing."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import convscope as cs
from convscope.runs.claim import is_claimed

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
GIVEN = (
    "--epochs", "2", "--seeds", "2", "--minutes", "600", "--quiet", "--search", "width=2,4",
    "--search", "learning_rate=0.001..0.01", "--set", "threads=1", "--set", "precision=float32",
)  # fmt: skip


def start(*arguments, folder):
    """A search on the digits in another process."""
    return subprocess.Popen(
        [sys.executable, "-m", "convscope", "tune", "digits", *map(str, arguments)],
        cwd=folder,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def end(process, code=0):
    out, err = process.communicate(timeout=600)
    assert process.returncode == code, out + err
    assert "Traceback" not in err
    return out, err


def wait_for(found, what):
    """What `found()` gives once it gives something."""
    deadline = time.monotonic() + 500
    while not (result := found()):
        assert time.monotonic() < deadline, f"waited for {what}"
        time.sleep(0.05)
    return result


def trained_epochs(folder):
    """The trial that trains, once it has a checkpoint."""
    for each in sorted(folder.glob("trials/trial-*/checkpoints/step-*.json")):
        trial = each.parents[1]
        if is_claimed(trial):
            return trial
    return None


def test_a_killed_trial_goes_on_where_it_was(tmp_path):
    process = start(*GIVEN, "--epochs", "15", "--out", "s", folder=tmp_path)
    trial = wait_for(lambda: trained_epochs(tmp_path / "s"), "a checkpoint")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    before = len(cs.Run(trial).metrics("epoch"))
    assert 0 < before < 15
    again = start(
        "--minutes", "600", "--seeds", "2", "--trials", "1", "--resume", "--out", "s", "--json",
        folder=tmp_path,
    )  # fmt: skip
    out, err = end(again)
    assert "Trial 0 was left unfinished by a process that ended: it goes on" in err
    found = json.loads(out)
    assert [each["outcome"] for each in found["trials"]] == ["stopped", "measured"]
    assert found["trials"][1]["values"] == found["trials"][0]["values"]
    assert len(found["trials"][1]["curve"]) == 15
    rows = cs.Run(trial).metrics("epoch")
    assert [row["epoch"] for row in rows] == [*range(1, 16)]  # in the folder it was begun in
    assert not (tmp_path / "s" / "trials" / "trial-1").exists()


def test_a_search_that_is_asked_to_stop_says_how_to_go_on(tmp_path):
    process = start(*GIVEN, "--epochs", "15", "--out", "s", folder=tmp_path)
    wait_for(lambda: trained_epochs(tmp_path / "s"), "a checkpoint")
    process.send_signal(signal.SIGTERM)
    _, err = end(process, code=128 + signal.SIGTERM)
    assert "Stopped; everything is kept. Go on with: convscope tune digits" in err
    assert "--resume --out s" in err
    study = cs.Study(tmp_path / "s")
    assert [each.outcome for each in study.trials] == ["stopped", "unfinished"]  # it is queued


def test_two_processes_share_a_study_in_a_database(tmp_path):
    url = f"sqlite:///{tmp_path / 'shared.db'}"
    where = ("--storage", url, "--study", "ours")
    first = start(*GIVEN, *where, "--trials", "4", "--out", "a", folder=tmp_path)
    wait_for(lambda: trained_epochs(tmp_path / "a") or first.poll() is not None, "a trial")
    second = start(
        "--minutes", "600", "--seeds", "2", "--trials", "3", "--resume", *where, "--out", "b",
        folder=tmp_path,
    )  # fmt: skip
    end(first)
    end(second)
    a, b = cs.Study(tmp_path / "a"), cs.Study(tmp_path / "b")
    whole = max(a, b, key=lambda each: len(each.trials))
    assert len(whole.trials) == 7
    assert all(each.outcome in ("measured", "pruned") for each in whole.trials)
    trained = [
        {int(each.name.removeprefix("trial-")) for each in Path(folder).glob("trials/*")}
        for folder in (a.folder, b.folder)
    ]
    assert trained[0] | trained[1] == {*range(7)}
    assert not trained[0] & trained[1]
    best = max(whole.measured, key=lambda each: each.accuracy)
    assert whole.best.accuracy == best.accuracy
    if len(a.trials) == len(b.trials):
        assert a.retest or b.retest
    else:
        assert whole.retest
