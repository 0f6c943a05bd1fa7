import json

import pytest
import torch

import convscope as cs
from convscope.folders import cache_folder
from convscope.planning import times
from convscope.planning.record_step import record_step
from convscope.planning.stopwatch import Stopwatch
from convscope.planning.times import OperationTimes, total
from convscope.runtime.execution import Execution

pytestmark = pytest.mark.usefixtures("own_cache")


@pytest.fixture(scope="module")
def step():
    return record_step(
        cs.build("lenet"),
        (1, 28, 28),
        Execution(torch.device("cpu"), "float32", 1),
        lambda network: torch.optim.SGD(network.parameters(), 0.1),
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


def test_a_file_that_is_not_ours_is_passed_over(step):
    file = cache_folder() / "operations.json"
    file.parent.mkdir(parents=True)
    for content in ("{", json.dumps({"machine": {"operation": "fast"}}), "[1]"):
        file.write_text(content)
        assert not any(each.is_measured for each in OperationTimes(1).of_step(step, 4, 0.0))


def test_nothing_takes_no_time():
    assert total([]) == (0.0, 0.0)
