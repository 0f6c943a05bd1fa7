"""Stored networks beside one another, and forecasts beside what came of them."""

import pytest

from convscope.experiments.network_table import check_forecasts, read_network_table
from tests.experiments.results import check_result


def row(network, macs, parameters, accuracy, *, came=10.0, peak=100):
    return {
        "network": network, "macs": macs, "parameters": parameters, "accuracy": accuracy,
        "field": 9, "processor_seconds": came, "peak_bytes": peak, "forecast_seconds": 10.0,
        "low_seconds": 5.0, "high_seconds": 20.0, "forecast_bytes": 100, "low_bytes": 90,
        "high_bytes": 110,
    }  # fmt: skip


ROWS = [
    row("large", 3_000_000, 90, 0.5, came=25.0, peak=89),
    row("small", 1_000_000, 10, 0.9),
    row("medium", 2_000_000, 50, 0.8, came=5.0, peak=110),
]


def test_the_cheapest_stands_first():
    table = read_network_table(ROWS)
    assert [each["network"] for each in table.rows] == ["small", "medium", "large"]
    assert table.most_accurate["network"] == "small"
    assert table.largest["network"] == "large"
    assert table["medium"]["parameters"] == 50
    assert table.within(10) == ["small", "medium"]


def test_rank_correlation_is_spearmans():
    table = read_network_table(ROWS)
    assert table.rank_correlation("macs", "parameters") == pytest.approx(1)
    assert table.rank_correlation("macs", "accuracy") == pytest.approx(-1)
    mixed = read_network_table([*ROWS, row("fourth", 4_000_000, 95, 0.85)])
    assert mixed.rank_correlation("macs", "accuracy") == pytest.approx(-0.4)  # 1 − 6·14/60


def test_outcomes_on_the_border_are_inside():
    checked = check_forecasts(ROWS)
    assert checked.inside("seconds") == 2
    assert checked.inside("bytes") == 2
    assert checked.worst("seconds") == 2.5
    assert checked.worst("bytes") == pytest.approx(100 / 89)
    assert str(checked).count("!") == 2


@pytest.mark.parametrize("make", [read_network_table, check_forecasts])
def test_they_can_do_what_every_result_can(make):
    assert "medium" in check_result(make(ROWS))
