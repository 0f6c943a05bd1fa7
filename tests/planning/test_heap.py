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


def test_the_heap_holds_what_is_in_use_at_once():
    events = [take(1, 8 * MB), take(2, 4 * MB), free(1), take(3, 6 * MB), free(2), free(3)]
    growth = heap_growth(events, 6)
    assert 12 * MB <= growth < 36 * MB


def test_what_stays_until_the_end_of_the_step_is_freed_for_the_next():
    assert heap_growth([take(1, 16 * MB)], 1) < 2 * 16 * MB + 8 * MB


def test_no_room():
    assert heap_growth([take(1, 2**62)], 1) is None
