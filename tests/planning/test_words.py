from convscope.planning.words import beside_actual
from convscope.runs.forecast import ForecastRow


def test_forecast_and_actual():
    rows = [
        ForecastRow(what="step time", unit="s", forecast=0.01, actual=0.011),
        ForecastRow(what="peak memory", unit="bytes", forecast=6e8),
    ]
    assert beside_actual(rows) == (
        "Forecast and actual: step time 11 ms (forecast 10 ms), peak memory unknown (forecast "
        "600 MB)"
    )
