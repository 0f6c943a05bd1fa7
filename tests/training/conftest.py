import pytest

from tests.conftest import leave_out_forecast


@pytest.fixture(autouse=True)
def _fewer_figures(request):
    """Reports are written without figures, unless a test is marked with `draws_figures`."""
    if "draws_figures" not in request.keywords:
        request.getfixturevalue("without_figures")


@pytest.fixture(autouse=True)
def _no_forecast(request, monkeypatch):
    """Fast tests train without the run's forecast, unless marked with `forecasts`."""
    if {"slow", "forecasts"}.isdisjoint(request.keywords):
        leave_out_forecast(monkeypatch)
