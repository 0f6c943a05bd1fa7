"""Every test of the data room has a cache of its own, and finds no data sets on the machine."""

import pytest


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("CONVSCOPE_CACHE", str(folder))
    monkeypatch.delenv("CONVSCOPE_DATA", raising=False)
    return folder
