import pytest


@pytest.fixture(autouse=True)
def nobody_else_computes(monkeypatch):
    """What is measured here counts, however busy the machine is that runs the tests."""
    monkeypatch.setattr("convscope.runtime.contention._waited", dict)
