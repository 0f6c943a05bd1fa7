import pytest

from convscope.look import numbers
from convscope.look.numbers import duration
from convscope.planning.history import Range
from convscope.planning.words import beside_actual, range_words
from convscope.runs.forecast import ForecastRow


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.000_2, "0.2 ms"),
        (0.008_41, "8.41 ms"),
        (12.34, "12.3 s"),
        (99.4, "99.4 s"),
        (99.6, "1 min 40 s"),
        (250, "4 min 10 s"),
        (180, "3 min"),
        (596, "10 min"),
        (1400, "23 min"),
        (3599, "1 h"),
        (12_000, "3 h 20 min"),
        (3_600_000, "1,000 h"),
    ],
)
def test_times(seconds, words):
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("size", "words"), [(64e6, "64 MB"), (640.4e6, "640 MB"), (1e9, "1 GB"), (2.314e9, "2.31 GB")]
)
def test_sizes(size, words):
    assert numbers.size(size) == words


def test_forecast_and_actual():
    rows = [
        ForecastRow(what="step time", unit="s", forecast=0.01, actual=0.011),
        ForecastRow(what="peak memory", unit="bytes", forecast=6e8),
    ]
    assert beside_actual(rows) == (
        "Forecast and actual: step time 11 ms (forecast 10 ms), peak memory unknown (forecast "
        "600 MB)"
    )


def test_ranges():
    assert range_words(Range(2.0, 1.0, 4.0), duration, "more") == "2 s more (1 s to 4 s)"
