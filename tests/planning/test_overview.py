import pytest

from convscope.errors import UsageError
from convscope.networks.catalog import list_networks
from convscope.planning.overview import NetworkCost, Overview, forecast_all, overview


@pytest.fixture(scope="module")
def found():
    counted = []
    result = overview("mnist", advance=counted.append)
    assert len(counted) == len(list_networks())
    return result


def test_every_network_is_in_the_table_or_left_out(found):
    names = [each.network for each in found.costs]
    assert sorted([*names, *found.left_out]) == sorted(list_networks())
    assert "alexnet" in found.left_out
    assert "lenet" in names


def test_costs_are_those_of_one_image(found):
    softmax = next(each for each in found.costs if each.network == "softmax-regression")
    assert softmax == NetworkCost("softmax-regression", 7850, 7840)
    # 5×5 on 28×28 (padded) to 6, 5×5 on 14×14 to 16 at 10×10, dense layers 400-120-84-10
    lenet = next(each for each in found.costs if each.network == "lenet")
    assert lenet.macs == 28 * 28 * 6 * 25 + 10 * 10 * 16 * 6 * 25 + 48000 + 10080 + 840


def test_within_a_budget_are_the_cheapest_in_order(found):
    within = found.within(500_000)
    assert all(each.macs <= 500_000 for each in within)
    assert [*within] == [*found.costs[: len(within)]]
    assert found.within(1) == ()


def test_forecasts_of_a_few(found):
    few = Overview(found.size, found.channels, found.costs[:2], ())
    steps = []
    forecasts = forecast_all(few, "mnist", None, steps.append, batch_size=32)
    assert list(forecasts) == [each.network for each in few.costs]
    assert {forecast.precision for forecast in forecasts.values()} == {"float32"}
    assert {forecast.batch_size for forecast in forecasts.values()} == {32}
    assert steps == [1, 1]


def test_data_that_is_not_there():
    with pytest.raises(UsageError, match="Unknown data set 'mnits'. Did you mean 'mnist'"):
        overview("mnits")
