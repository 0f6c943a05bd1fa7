from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import convscope as cs
from convscope.folders import (
    cache_folder,
    keep_line,
    keep_text,
    search_folders,
    writable_folder,
)


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


@pytest.fixture
def unwritable_cache(monkeypatch, tmp_path):
    """A cache folder that nobody can make: a file stands in its way."""
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("CONVSCOPE_CACHE", str(tmp_path / "file" / "cache"))


def test_a_cache_that_can_not_be_written_keeps_nothing(unwritable_cache):
    keep_text(cache_folder() / "convolutions.json", "{}")
    keep_line(cache_folder() / "forecasts.jsonl", "{}")
    assert not cache_folder().exists()
    folder = writable_folder("images")
    assert folder == writable_folder("images") != cache_folder() / "images"
    (folder / "here").write_text("written")


def test_what_is_kept_is_replaced_and_what_is_added_is_added(own_cache):
    for text in ("one", "two"):
        keep_text(own_cache / "a" / "text", text)
        keep_line(own_cache / "b" / "lines", text)
    assert (own_cache / "a" / "text").read_text() == "two"
    assert (own_cache / "b" / "lines").read_text() == "one\ntwo\n"
    assert writable_folder("images") == own_cache / "images"


def test_a_folder_of_images_is_trained_on_without_a_cache(
    unwritable_cache, without_figures, tmp_path
):
    for name, shade in (("dark", 20), ("light", 230)):
        (tmp_path / "images" / name).mkdir(parents=True)
        for place in range(12):
            pixels = np.full((8, 8), shade, np.uint8)
            pixels[place // 8, place % 8] = 120
            Image.fromarray(pixels).save(tmp_path / "images" / name / f"{place}.png")
    run = cs.train(
        "softmax-regression", tmp_path / "images", "fast", epochs=1, batch_size=4, quiet=True,
        out=tmp_path / "run", precision="float32", allow_leaks=True,
    )  # fmt: skip
    assert run.model_file.exists()
