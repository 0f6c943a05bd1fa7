import math

import pytest
import torch
from torch import nn

from convscope.planning.memory import step_memory
from convscope.planning.plan import Plan
from convscope.planning.record_step import record_step
from convscope.runs.recipe import Recipe
from convscope.runtime.execution import Execution

KINDS = {
    "parameters",
    "gradients",
    "optimizer",
    "average",
    "activations",
    "temporary",
    "workspace",
    "images",
}


@pytest.fixture(scope="module")
def step():
    network = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 100, 10))
    execution = Execution(torch.device("cpu"), "float32")
    return record_step(network, (1, 12, 12), execution, Recipe(epochs=1, momentum=0.9))


def test_every_part_is_there_and_they_add_up(step):
    memory = step_memory(step, 16)
    assert set(memory.parts) == KINDS
    assert sum(memory.parts.values()) == memory.live == max(memory.timeline)
    parameters = 4 * (8 * 9 + 8 + 8000 + 10)
    assert memory.parts["parameters"] == memory.parts["optimizer"] == parameters
    assert memory.parts["images"] == 16 * 144 * 4


def test_what_convolutions_take_for_a_moment_is_told_apart(step):
    assert "workspace" in step.kinds.values()


def test_memory_that_is_given_back_is_what_is_in_use(step):
    returned = step_memory(step, 64, "returned")
    assert returned.heap == returned.live
    assert step_memory(step, 64).heap > returned.heap
    assert step_memory(step, 64, "kept with thread caches").heap > returned.heap


@pytest.mark.slow
def test_a_run_that_recomputes_gives_its_memory_back():
    changes = {"precision": "float32", "batch_size": 64}
    recomputed = Plan("resnet9", "cifar10", recompute="auto", **changes).forecasters[0]
    memory = recomputed.at(64, measuring_seconds=0).step_memory
    assert memory.heap == memory.live
    kept = (
        Plan("resnet9", "cifar10", **changes).forecasters[0].at(64, measuring_seconds=0).step_memory
    )
    assert kept.heap > kept.live > memory.live


@pytest.mark.parametrize(("tunables", "width"), [("glibc.malloc.tcache_count=0", 1), ("", 3)])
def test_caches_of_threads_widen_the_range(tunables, width, monkeypatch, tmp_path):
    monkeypatch.setenv("GLIBC_TUNABLES", tunables)
    monkeypatch.setenv("CONVSCOPE_CACHE", str(tmp_path))
    forecaster = Plan("lenet", "mnist", precision="float32", batch_size=16).forecasters[0]
    command = forecaster.at(16, measuring_seconds=0).memory
    here = forecaster.at(16, measuring_seconds=0, base_bytes=round(4e8)).memory
    assert math.log(here.high / here.value) == pytest.approx(
        width * math.log(command.high / command.value)
    )
