import pytest
from hypothesis import given
from hypothesis import strategies as st

from convscope.data.parallel import CHUNK, map_in_order


@given(st.integers(0, 5 * CHUNK))
def test_results_come_in_order_and_are_counted(count):
    done = []
    results = list(map_in_order(lambda item: item * 2, range(count), done.append))
    assert results == [item * 2 for item in range(count)]
    assert sum(done) == count


def test_only_a_few_items_are_worked_on_ahead():
    started = []
    results = map_in_order(started.append, range(100 * CHUNK))
    next(results)
    results.close()
    assert len(started) < 50 * CHUNK


def test_an_error_comes_through():
    def fail(item):
        raise KeyError(item)

    with pytest.raises(KeyError, match="3"):
        list(map_in_order(fail, [3]))
