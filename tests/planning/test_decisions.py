from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convscope.errors import ConvscopeError
from convscope.look.numbers import size
from convscope.planning.decisions import expected_epoch_seconds, fitting_epochs, largest_batch
from convscope.planning.history import Range
from convscope.planning.plan import forecasters


@pytest.fixture(scope="module")
def lenet():
    return forecasters("lenet", "mnist", precision="float32")


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
    fit = largest_batch([made_up], limit)
    assert fit.memory.high <= limit
    assert fit.is_all == (fit.batch_size == images)
    assert fit.is_all or fit.next_memory.high > limit


def test_few_batch_sizes_are_looked_at(lenet):
    made_up = MadeUp(lenet[0], lambda n: 5e8 + 1_234_567 * n, 60_000)
    assert largest_batch([made_up], 4 * 10**9).batch_size == 2835
    assert len(made_up.asked) <= 12


def test_the_neediest_precision_decides(lenet):
    modest = MadeUp(lenet[0], lambda n: 10.0 * n, 1000)
    needy = MadeUp(lenet[0], lambda n: 20.0 * n, 1000)
    assert largest_batch([modest, needy], 1000).batch_size == 50
    assert largest_batch([needy, modest], 1000).batch_size == 50


def test_what_never_fits_is_said_with_the_least_need(lenet):
    smallest = lenet[0].memory_at(1).high
    message = f"lenet doesn't fit in 10 MB: with one image a step, .* {size(smallest)}"
    with pytest.raises(ConvscopeError, match=message):
        largest_batch(lenet, 10**7)


def test_the_memory_alone_is_that_of_the_whole_forecast(lenet):
    assert lenet[0].memory_at(64) == lenet[0].at(64, measuring_seconds=0).memory


def test_epochs_in_a_time(lenet):
    forecast = lenet[0].at(64, measuring_seconds=0)
    fitting = fitting_epochs(forecast, 10)
    assert fitting.value * expected_epoch_seconds(forecast) == pytest.approx(600)
    assert fitting.low < fitting.value < fitting.high
    assert fitting_epochs(forecast, 20).low == pytest.approx(2 * fitting.low)
