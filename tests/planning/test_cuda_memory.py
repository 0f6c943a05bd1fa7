import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from convscope.planning.cuda_memory import cuda_memory, peaks
from convscope.planning.memory import step_memory
from convscope.planning.record_step import record_step
from convscope.runs.recipe import Recipe
from convscope.runtime.execution import Execution

MB = 2**20


@pytest.mark.parametrize(
    ("size", "allocated", "reserved"),
    [
        (1, 512, 2 * MB),
        (513, 1024, 2 * MB),
        (MB, MB, 2 * MB),
        (MB + 1, MB + 512, 20 * MB),
        (10 * MB, 10 * MB, 10 * MB),
        (11 * MB, 11 * MB, 12 * MB),
    ],
)
def test_one_block(size, allocated, reserved):
    found = peaks([(1, size)])
    assert found.reserved == reserved
    # A rest of at most 1 MiB stays with a block of the large pool.
    assert allocated <= found.allocated <= allocated + MB


def test_small_blocks_share_a_segment():
    assert peaks([(i, 512) for i in range(4096)]).reserved == 2 * MB
    assert peaks([(i, 512) for i in range(4097)]).reserved == 4 * MB


def test_neighbours_merge_when_they_are_free():
    halves = [(1, 6 * MB), (2, 6 * MB), (1, 0), (2, 0), (3, 20 * MB)]
    assert peaks(halves).reserved == 20 * MB


def test_what_is_between_keeps_a_large_block_out():
    between = [(1, 6 * MB), (2, 4 * MB), (3, 6 * MB), (1, 0), (3, 0), (4, 12 * MB)]
    assert peaks(between).reserved == 32 * MB


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 64 * MB)), max_size=60))
def test_reserved_holds_allocated_and_that_what_is_in_use(requests):
    events, alive, most = [], {}, 0
    for block, size in requests:
        if block in alive:
            del alive[block]
            events.append((block, 0))
        else:
            alive[block] = size
            events.append((block, size))
        most = max(most, sum(alive.values()))
    found = peaks(events)
    assert most <= found.allocated <= found.reserved


def test_a_step():
    network = nn.Sequential(nn.Conv2d(3, 64, 3), nn.ReLU(), nn.Flatten(), nn.Linear(57600, 10))
    execution = Execution(torch.device("cpu"), "float32")
    step = record_step(network, (3, 32, 32), execution, Recipe(epochs=1, momentum=0.9))
    found = cuda_memory(step, 64)
    live = step_memory(step, 64, "returned").live
    assert 0.95 * live < found.allocated < 1.2 * live
    assert found.allocated <= found.reserved < 1.6 * live
    assert cuda_memory(step, 128).allocated > 1.8 * found.allocated
