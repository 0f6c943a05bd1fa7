"""A training that is killed, and the ways in which it goes on."""

import json
import shutil

import pytest

import convscope as cs
from convscope.errors import ConvscopeError, UsageError
from convscope.experiments.interrupted_training import (
    Continuation,
    Continuations,
    compare_continuations,
    kill_training,
)
from convscope.runs.checkpoint import latest_checkpoint
from tests.experiments.results import check_result

SMALL = {"size": 28, "epochs": 6, "threads": 1, "precision": "float32"}


def test_more_checkpoints_than_are_kept_are_refused(tmp_path):
    with pytest.raises(UsageError, match="checkpoints is 1 or 2; given 3"):
        kill_training(tmp_path / "run", "small", "digits", checkpoints=3)


@pytest.mark.slow
def test_what_the_process_said_is_passed_on(tmp_path):
    with pytest.raises(ConvscopeError, match="ended before 1 checkpoints were seen(.|\n)*smal"):
        kill_training(tmp_path / "run", "smal", "digits", checkpoints=1)


def test_a_result_tells_the_same_from_another():
    same, other = Continuation("resumed", 42, 0.0, 0.9), Continuation("weights alone", 42, 1.5, 0.8)
    cut = Continuation("power cut", 21, 0.0, 0.9)
    found = Continuations((same, cut, other), killed_at=42, steps=126, accuracy=0.9)
    assert found["power cut"].begins == 21
    english = check_result(found)
    assert english.count("every bit the same") == 2
    assert "1.5" in english


@pytest.mark.slow
def test_a_killed_run_goes_on_bit_for_bit(tmp_path):
    killed = kill_training(tmp_path / "killed", "small", "digits", **SMALL)
    left = latest_checkpoint(killed.checkpoints)
    assert 0 < left.state["step"] < left.state["total_steps"]
    assert not killed.evaluation_file.exists()
    resumed = cs.resume(shutil.copytree(killed.folder, tmp_path / "resumed"), quiet=True)
    ways = compare_continuations(killed, resumed, tmp_path)
    assert ways["resumed"].difference == ways["power cut"].difference == 0
    assert ways["power cut"].begins < ways["resumed"].begins == ways.killed_at
    assert ways["weights alone"].difference > 0
    assert json.dumps(ways.as_dict())
