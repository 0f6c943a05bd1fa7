"""The disk that decoded images take: said, limited, and refused before anything is decoded."""

import os

import numpy as np
import pytest

from convscope.data import cache_room
from convscope.data.cache import load_or_build
from convscope.data.cache_room import VARIABLE, cache_limit, make_room
from convscope.data.load import source_splits
from convscope.errors import ConvscopeError, UsageError
from tests.data.image_files import two_classes, write_files


def entry(key, count):
    """An entry of `count` bytes in the cache."""

    def build(append):
        for _ in range(count // 1000):
            append(np.zeros((1, 10, 100), np.uint8))
        return {}

    return load_or_build(key, build)[0]


def kept(cache):
    return sorted(path.stem for path in (cache / "images").glob("*.npy"))


@pytest.fixture
def three(own_cache, monkeypatch):
    """Three entries, the second of which was used longest ago, then the first."""
    monkeypatch.delenv(VARIABLE, raising=False)
    for key, used in (("a", 200), ("b", 100), ("c", 300)):
        entry(key, 50_000)
        os.utime(own_cache / "images" / f"{key}.json", (used, used))
    return own_cache


def test_without_a_limit_everything_stays(three):
    make_room(10_000, "images")
    assert kept(three) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("limit", "expected"), [("200kB", ["a", "b", "c"]), ("130kB", ["a", "c"]), ("90kB", ["c"])]
)
def test_what_was_used_longest_ago_goes_first(three, monkeypatch, limit, expected):
    monkeypatch.setenv(VARIABLE, limit)
    make_room(20_000, "images")
    assert kept(three) == expected
    assert sorted(path.stem for path in (three / "images").glob("*.json")) == expected


def test_use_counts_from_when_it_was_read_last(three, monkeypatch):
    monkeypatch.setenv(VARIABLE, "90kB")
    entry("b", 50_000)  # found there
    make_room(20_000, "images")
    assert kept(three) == ["b"]


def test_images_in_use_can_still_be_read_after_they_went(three, monkeypatch):
    images = entry("a", 50_000)
    monkeypatch.setenv(VARIABLE, "20kB")
    make_room(20_000, "images")
    assert kept(three) == []
    assert images.sum() == 0
    assert images.shape == (50, 1, 10, 100)


def test_more_than_the_limit_is_refused_and_nothing_removed(three, monkeypatch):
    monkeypatch.setenv(VARIABLE, "15kB")
    with pytest.raises(UsageError, match=r"pets take 20 kB of the disk, more than the limit of 15"):
        make_room(20_000, "images of pets")
    assert kept(three) == ["a", "b", "c"]


def test_more_than_is_free_is_refused(three):
    with pytest.raises(ConvscopeError, match=r"pets take 1,\d+ PB|are free in .*Make room"):
        make_room(1 << 60, "images of pets")


def test_large_ones_are_told_before(three, monkeypatch, capsys):
    monkeypatch.setattr(cache_room, "LARGE", 10_000)
    make_room(20_000, "3 images of [b]pets[/b]")
    told = capsys.readouterr().err
    assert "Decoding 3 images of [b]pets[/b] once, to 20" in told
    assert str(three / "images") in told
    make_room(10_000, "few images")
    assert capsys.readouterr().err == ""


def test_a_limit_that_is_none_is_told(monkeypatch):
    monkeypatch.setenv(VARIABLE, "much")
    with pytest.raises(UsageError, match=r"CONVSCOPE_CACHE_LIMIT \(--cache\) takes a size"):
        cache_limit()
    monkeypatch.setenv(VARIABLE, "2GB")
    assert cache_limit() == 2 * 10**9


def test_the_limit_holds_for_a_folder_of_images(tmp_path, own_cache, monkeypatch):
    monkeypatch.setenv(VARIABLE, "1kB")
    folder = write_files(tmp_path / "pets", two_classes())
    with pytest.raises(UsageError, match=r"10 images of pets take 1\.92 kB"):
        source_splits(folder, size=8)
    assert kept(own_cache) == []
    assert len(source_splits(folder, size=5)["train"]) == 10
    monkeypatch.setenv(VARIABLE, "2kB")
    source_splits(folder, size=8)
    assert len(kept(own_cache)) == 1
