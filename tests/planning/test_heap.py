import ctypes

import pytest

from convscope.planning.heap import heap_growth
from convscope.planning.step import Event

MB = 2**20


def take(block, size):
    return Event(block, size, "forward", "")


def free(block):
    return Event(block, 0, "forward", "")


@pytest.fixture(autouse=True)
def _glibc():
    try:
        ctypes.CDLL(None).gnu_get_libc_version  # noqa: B018
    except (AttributeError, OSError, TypeError):
        pytest.skip("the C library isn't glibc")


@pytest.mark.parametrize("thread_cache", [False, True])
def test_the_heap_holds_what_is_in_use_at_once(thread_cache):
    events = [take(1, 8 * MB), take(2, 4 * MB), free(1), take(3, 6 * MB), free(2), free(3)]
    growth = heap_growth(events, 6, MB, thread_cache=thread_cache)
    assert 13 * MB <= growth < 36 * MB


def test_what_stays_until_the_end_of_the_step_is_freed_for_the_next():
    growth = heap_growth([take(1, 16 * MB)], 1, 4096, thread_cache=True)
    assert growth < 2 * 16 * MB + 8 * MB


def test_the_next_batch_is_made_before_the_last_one_is_freed():
    few = heap_growth([], 1, 1 * MB, thread_cache=False)
    many = heap_growth([], 1, 16 * MB, thread_cache=False)
    assert many - few >= 2 * 15 * MB


def test_without_caches_of_threads_the_heap_hardly_breaks_up():
    # As in a network of equal layers: half of what is taken stays until the way back.
    forward = [e for i in range(40) for e in (take(2 * i, 4 * MB), take(2 * i + 1, 3 * MB))]
    temporary = [free(2 * i) for i in range(40)]
    backward = [free(2 * i + 1) for i in reversed(range(40))]
    events = [*forward, *temporary, *backward]
    in_use = 40 * 7 * MB
    assert in_use <= heap_growth(events, 40, 4096, thread_cache=False) < 1.03 * in_use


def test_no_room():
    assert heap_growth([take(1, 2**62)], 1, 4096, thread_cache=False) is None


def test_a_heap_of_many_gigabytes_does_not_shrink():
    events = [take(i, 512 * MB) for i in range(8)]
    assert heap_growth(events, 8, 4096, thread_cache=False) >= 4096 * MB
