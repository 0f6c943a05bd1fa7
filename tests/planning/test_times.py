"""Times of operations: measured once, kept, and put together to those of a step.

Tests planning/stopwatch.py.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

import convscope as cs
from convscope.folders import cache_folder
from convscope.planning import times
from convscope.planning.record_step import record_step
from convscope.planning.stopwatch import Stopwatch
from convscope.planning.times import OperationTimes, total
from convscope.runs.recipe import Recipe
from convscope.runtime.execution import Execution
from tests.conftest import slow

pytestmark = pytest.mark.usefixtures("own_cache")


@pytest.fixture(scope="module")
def step():
    return record_step(
        cs.build("lenet"),
        (1, 28, 28),
        Execution(torch.device("cpu"), "float32", 1),
        Recipe(epochs=1),
    )


def test_every_operation_gets_a_time(step):
    timings = OperationTimes(1).of_step(step, 4, 60.0)
    assert len(timings) == len(step.operations)
    assert all(each.seconds > 0 and each.is_measured for each in timings)


def test_what_was_measured_is_kept(step, monkeypatch):
    known = OperationTimes(1)
    before = known.of_step(step, 4, 60.0)
    known.save()
    monkeypatch.setattr(Stopwatch, "seconds", lambda *_: pytest.fail("measured again"))
    monkeypatch.setattr(times, "AGAIN_SECONDS", -1.0)
    assert OperationTimes(1).of_step(step, 4, 0.0) == before
    others = OperationTimes(2).of_step(step, 4, 0.0)  # threads decide how long it takes
    assert not any(each.is_measured for each in others)


def test_without_time_for_measuring_similar_operations_count(step):
    known = OperationTimes(1)
    known.of_step(step, 4, 60.0)
    timings = known.of_step(step, 64, 0.0)
    assert all(each.seconds > 0 for each in timings)
    assert any(not each.is_measured for each in timings)
    seconds, estimated = total(timings)
    assert seconds > 0
    assert 0 < estimated <= 1


def test_calls_that_do_hardly_anything_say_little_of_large_ones(step, monkeypatch):
    known = OperationTimes(1)
    monkeypatch.setattr(Stopwatch, "seconds", lambda *_: 0.001)  # whatever it does
    known.of_step(step, 1, 60.0)
    seconds, estimated = total(known.of_step(step, 4096, 0.0))
    assert estimated > 0
    assert seconds < 5  # as many times as long as there are images it would be minutes


def test_a_file_that_is_not_ours_is_passed_over(step):
    file = cache_folder() / "operations.json"
    file.parent.mkdir(parents=True)
    for content in ("{", json.dumps({"machine": {"operation": "fast"}}), "[1]"):
        file.write_text(content)
        assert not any(each.is_measured for each in OperationTimes(1).of_step(step, 4, 0.0))


def test_nothing_takes_no_time():
    assert total([]) == (0.0, 0.0)


class Recurrent(nn.Module):
    """Rows as a sequence."""

    def __init__(self, kind):
        super().__init__()
        self.rnn, self.head = getattr(nn, kind)(28, 16, batch_first=True), nn.Linear(16, 10)

    def forward(self, x):
        return self.head(self.rnn(x[:, 0])[0][:, -1])


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["RNN", *slow("LSTM", "GRU")])
def test_recurrent_layers_are_forecast_in_a_process_that_lives_on(kind, tmp_path):
    """Replayed on a made-up workspace, the backward pass of an LSTM ended the process."""
    code = f"""
import torch, convscope as cs
from tests.planning.test_times import Recurrent
for precision in ("float32", "bfloat16"):
    found = cs.plan(Recurrent({kind!r}), "digits", size=28, epochs=1, precision=precision)
    print("lives on", found.step.value > 0)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        env=os.environ | {"CONVSCOPE_CACHE": str(tmp_path)},
    )
    assert done.stdout == 2 * "lives on True\n", done.stderr
