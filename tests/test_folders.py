from pathlib import Path

from convscope.folders import cache_folder, search_folders


def test_convscope_data_comes_first_and_subfolders_before_folders(monkeypatch, tmp_path):
    monkeypatch.setenv("CONVSCOPE_CACHE", str(tmp_path))
    monkeypatch.setenv("CONVSCOPE_DATA", "/somewhere")
    assert search_folders("mnist") == [
        Path("/somewhere/mnist"),
        Path("/somewhere"),
        tmp_path / "mnist",
        tmp_path,
    ]


def test_the_cache_is_the_users_unless_told_otherwise(monkeypatch):
    monkeypatch.setenv("CONVSCOPE_CACHE", "~/there")
    assert cache_folder() == Path.home() / "there"
    monkeypatch.delenv("CONVSCOPE_CACHE")
    assert cache_folder().name == "convscope"
