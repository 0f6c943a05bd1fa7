"""Every test of the data room has a cache of its own, and finds no data sets on the machine."""

import os

import pytest

GIVEN = os.environ.get("CONVSCOPE_DATA", "")


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("CONVSCOPE_CACHE", str(folder))
    monkeypatch.delenv("CONVSCOPE_DATA", raising=False)
    return folder


@pytest.fixture(scope="session")
def given_data():
    """The folder of data sets that this machine has, if it has one."""
    return GIVEN
