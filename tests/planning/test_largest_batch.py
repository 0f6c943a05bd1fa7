from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convscope.errors import ConvscopeError
from convscope.look.numbers import size
from convscope.planning.history import Range
from convscope.planning.largest_batch import search_batch_size
from convscope.planning.plan import Plan


@pytest.fixture(scope="module")
def lenet():
    return Plan("lenet", "mnist", precision="float32").forecasters


class MadeUp:
    """A forecaster whose memory is a function of the batch size."""

    def __init__(self, forecaster, needs, images):
        workload = forecaster.workload
        self.workload = replace(workload, counts={**workload.counts, "train": images})
        self.needs = needs
        self.asked = set()

    def memory_at(self, batch_size):
        self.asked.add(batch_size)
        high = self.needs(batch_size)
        return Range(0.9 * high, 0.8 * high, high)


@given(
    st.integers(1, 10**9), st.integers(1, 10**7), st.sampled_from((1, 32)), st.integers(1, 10**5)
)
def test_the_largest_batch_is_within_the_limit_and_the_next_is_not(lenet, base, each, step, images):
    made_up = MadeUp(lenet[0], lambda n: base + each * step * (n // step), images)
    limit = base + 5000 * each
    found = search_batch_size([made_up], limit)
    assert found.memory.high <= limit
    assert found.is_all == (found.batch_size == images)
    assert found.is_all or found.next_memory.high > limit


def test_few_batch_sizes_are_looked_at(lenet):
    made_up = MadeUp(lenet[0], lambda n: 5e8 + 1_234_567 * n, 60_000)
    assert search_batch_size([made_up], 4 * 10**9).batch_size == 2835
    assert len(made_up.asked) <= 12


def test_the_neediest_precision_decides(lenet):
    modest = MadeUp(lenet[0], lambda n: 10.0 * n, 1000)
    needy = MadeUp(lenet[0], lambda n: 20.0 * n, 1000)
    assert search_batch_size([modest, needy], 1000).batch_size == 50
    assert search_batch_size([needy, modest], 1000).batch_size == 50


def test_what_never_fits_is_said_with_the_least_need(lenet):
    smallest = lenet[0].memory_at(1).high
    message = f"lenet doesn't fit in 10 MB: with one image a step, .* {size(smallest)}"
    with pytest.raises(ConvscopeError, match=message):
        search_batch_size(lenet, 10**7)


def test_the_memory_alone_is_that_of_the_whole_forecast(lenet):
    assert lenet[0].memory_at(64) == lenet[0].at(64, measuring_seconds=0).memory


@pytest.fixture(scope="module")
def resnet9():
    return Plan("resnet9", "cifar10", precision="float32", batch_size=64)


@pytest.mark.slow
def test_the_forecast_is_of_the_largest_batch(resnet9):
    limit = round(
        1.001 * resnet9.forecasters[0].memory_at(200).high
    )  # the heap isn't the same to the byte
    found = resnet9.largest_batch(limit)
    assert found.batch_size >= 200
    assert found.forecast.batch_size == found.batch_size
    assert found.forecast.memory.high <= limit


@pytest.mark.slow
def test_recomputation_is_offered_where_it_allows_much_more(resnet9):
    limit = round(resnet9.forecasters[0].memory_at(3000).high)
    found = resnet9.largest_batch(limit)
    assert found.recomputed is not None
    assert found.recomputed.batch_size > 1.1 * found.batch_size
    assert 0 < found.more_work < 0.5
    written = found.as_dict()
    assert written["recomputation"]["batch_size"] == found.recomputed.batch_size
    assert written["batch_size"] == found.batch_size


@pytest.mark.slow
def test_what_never_fits_is_an_error(resnet9):
    with pytest.raises(ConvscopeError, match="resnet9 doesn't fit in 100 MB"):
        resnet9.largest_batch(10**8)


@pytest.mark.slow
def test_how_to_train_with_it_is_told(resnet9):
    limit = round(1.001 * resnet9.forecasters[0].memory_at(200).high)
    found = resnet9.largest_batch(limit)
    last = str(found).splitlines()[-1]
    assert last == (
        "Train with it: convscope train resnet9 cifar10 --precision float32 --batch-size "
        f"{found.batch_size}"
    )
    own = replace(found, command=None)
    assert str(own).splitlines()[-1] == f"Train with it: batch_size={found.batch_size}"
