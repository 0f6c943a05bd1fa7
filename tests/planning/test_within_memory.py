import pytest
from convscope.planning.within_memory import within_memory

from convscope.errors import ConvscopeError
from convscope.planning.plan import forecasters


@pytest.fixture(scope="module")
def resnet9():
    return forecasters("resnet9", "cifar10", precision="float32", batch_size=64)


def test_the_forecast_is_of_the_largest_batch(resnet9):
    limit = round(1.001 * resnet9[0].memory_at(200).high)  # the heap isn't the same to the byte
    found = within_memory("resnet9", "cifar10", resnet9, limit)
    assert found.fit.batch_size >= 200
    assert found.forecast.batch_size == found.fit.batch_size
    assert found.forecast.memory.high <= limit


@pytest.mark.slow
def test_recomputation_is_offered_where_it_allows_much_more(resnet9):
    limit = round(resnet9[0].memory_at(3000).high)
    found = within_memory("resnet9", "cifar10", resnet9, limit)
    assert found.recomputed is not None
    assert found.recomputed.batch_size > 1.1 * found.fit.batch_size
    assert 0 < found.more_work < 0.5
    written = found.as_dict()
    assert written["recomputation"]["batch_size"] == found.recomputed.batch_size
    assert written["batch_size"] == found.fit.batch_size


def test_what_never_fits_is_an_error(resnet9):
    with pytest.raises(ConvscopeError, match="resnet9 doesn't fit in 100 MB"):
        within_memory("resnet9", "cifar10", resnet9, 10**8)
