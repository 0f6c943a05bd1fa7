from dataclasses import replace

import pytest

from convscope.errors import UsageError
from convscope.networks.catalog import list_networks
from convscope.planning.overview import (
    NetworkCost,
    Overview,
    count_costs,
    forecast_costs,
    plan_all,
)

SOME = ["alexnet", "densenet-32px", "lenet", "mlp", "resnet18-32px", "softmax-regression"]


@pytest.fixture(
    scope="module",
    params=[SOME, pytest.param(list_networks(), marks=pytest.mark.slow)],
    ids=["some", "all"],
)
def catalog(request):
    """Names of networks: some of the catalog, or all."""
    return request.param


@pytest.fixture(scope="module")
def found(catalog):
    counted = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("convscope.planning.overview.list_networks", lambda: catalog)
        result = count_costs("mnist", advance=counted.append)
    assert len(counted) == len(catalog)
    return result


def test_every_network_is_in_the_table_or_left_out(found, catalog):
    names = [each.network for each in found.costs]
    assert sorted([*names, *found.left_out]) == sorted(catalog)
    assert "alexnet" in found.left_out
    assert "lenet" in names


def test_costs_are_those_of_one_image(found):
    softmax = next(each for each in found.costs if each.network == "softmax-regression")
    assert softmax == NetworkCost("softmax-regression", 7850, 7840)
    # 5×5 on 28×28 (padded) to 6, 5×5 on 14×14 to 16 at 10×10, dense layers 400-120-84-10
    lenet = next(each for each in found.costs if each.network == "lenet")
    assert lenet.macs == 28 * 28 * 6 * 25 + 10 * 10 * 16 * 6 * 25 + 48000 + 10080 + 840


def test_within_a_budget_are_the_cheapest_in_order(found):
    within = replace(found, budget=500_000).within_budget
    assert all(each.macs <= 500_000 for each in within)
    assert [*within] == [*found.costs[: len(within)]]
    assert replace(found, budget=1).within_budget == ()
    assert found.within_budget == found.costs


def test_forecasts_of_a_few(found):
    few = replace(found, costs=found.costs[:2])
    steps = []
    forecasts = forecast_costs(few, None, steps.append, batch_size=32)
    assert list(forecasts) == [each.network for each in few.costs]
    assert {forecast.precision for forecast in forecasts.values()} == {"float32"}
    assert {forecast.batch_size for forecast in forecasts.values()} == {32}
    assert steps == [1, 1]


def test_data_that_is_not_there():
    with pytest.raises(UsageError, match="Unknown data set 'mnits'. Did you mean 'mnist'"):
        plan_all("mnits", quiet=True)


def test_a_budget_too_small_for_all():
    found = Overview("mnist", 28, 1, (NetworkCost("softmax-regression", 7850, 7840),), (), 10)
    assert str(found).replace("\n", " ") == (
        "No network takes at most 10 MACs for an image of mnist at 1×28×28. The cheapest, "
        "softmax-regression, takes 7.84 k."
    )


def test_without_forecasts_there_is_no_figure(found):
    with pytest.raises(UsageError, match="forecasts of all networks; ask without a budget"):
        found.figure()
