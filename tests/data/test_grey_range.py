"""16-bit grey files keep what is in them, whatever part of the range they use."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from convscope.data.grey_range import find_grey_range, range_of, wide_range_of
from convscope.data.load import load_splits, source_splits
from convscope.data.reading import FULL_RANGE, Reading
from convscope.data.tree import FolderTree
from tests.data.image_files import encoded, noise, write_files


def counted(values):
    return np.bincount(np.asarray(values).reshape(-1), minlength=1 << 16)


@pytest.mark.parametrize(
    ("lowest", "highest", "expected"),
    [
        (0, 4095, (0, 4095)),
        (100, 3000, (0, 4095)),
        (0, 1000, (0, 1023)),
        (0, 65535, (0, 65535)),
        (1050, 1150, (1050, 1150)),
        (40000, 41000, (40000, 41000)),
        (0, 200, (0, 255)),  # 8-bit values are as they are
        (7, 20, (0, 255)),
        (5000, 5000, (5000, 5001)),
    ],
)
def test_the_rule(lowest, highest, expected):
    values = np.arange(lowest, highest + 1)
    assert range_of(counted(values)) == (expected, False)


def test_a_few_glowing_pixels_dont_take_the_levels_from_all_others():
    values = np.append(np.tile(np.arange(1050, 1151), 1000), [65535] * 5)
    (low, high), is_cut = range_of(counted(values))
    assert (low, high) == (1050, 1150)
    assert is_cut


@given(st.integers(0, 65_000), st.integers(1, 65_535), st.integers(0, 2**32 - 1), st.integers(0, 3))
def test_detail_is_kept(low, width, seed, outliers):
    """The pixels get as many levels as they have values, or nearly 32 at least."""
    high = min(65_535, low + width)
    values = np.random.default_rng(seed).integers(low, high + 1, 20_000)
    values[:outliers] = 65_535
    (first, last), _ = range_of(counted(values))
    levels = np.rint((values - first) * (255 / (last - first))).clip(0, 255)
    assert len(np.unique(levels)) >= min(30, 0.9 * len(np.unique(values[outliers:])))


def deep(low, high, seed, size=16):
    values = np.random.default_rng(seed).integers(low, high + 1, (size, size), dtype=np.uint16)
    return encoded(Image.fromarray(values))


def files(low, high, prefix="", first=0):
    return {
        f"{prefix}{name}/{i}.png": deep(low, high, first + 10 * label + i)
        for label, name in enumerate("ab")
        for i in range(5)
    }


def test_a_folder_of_narrow_values_keeps_its_levels_and_says_so(tmp_path):
    train = source_splits(write_files(tmp_path, files(1050, 1150)), size=16)["train"]
    assert len(np.unique(train.images)) > 90
    assert train.grey_range == (1050, 1150)
    assert any("1050 becomes black and 1150 white" in note for note in train.notes)
    again = source_splits(tmp_path, size=16)["train"]  # from the cache
    assert again.grey_range == (1050, 1150)
    assert again.notes == train.notes
    splits = load_splits(tmp_path, size=16)
    assert {images.grey_range for images in splits.values()} == {(1050, 1150)}


def test_training_files_decide(tmp_path):
    found = files(1000, 2000, "train/") | files(0, 60000, "test/", first=100)
    splits = source_splits(write_files(tmp_path, found), size=16)
    assert splits["test"].grey_range == (1000, 2000)
    assert {int(splits["test"].images.min()), int(splits["test"].images.max())} == {0, 255}


def test_a_range_that_is_given(tmp_path):
    write_files(tmp_path, files(1050, 1150))
    given = source_splits(tmp_path, size=16, reading=Reading(grey_range=(0, 65535)))["train"]
    assert set(np.unique(given.images)) == {4}
    assert given.grey_range == (0, 65535)
    earlier = source_splits(tmp_path, size=16, reading=Reading(rules=1))["train"]
    assert np.array_equal(earlier.images, given.images)


def test_other_files_need_no_range(tmp_path):
    images = {f"{name}/1.png": encoded(noise(8, 8, 1, seed=i)) for i, name in enumerate("ab")}
    images["a/cut.tif"] = b"II*\0"
    write_files(tmp_path, images)
    assert find_grey_range(FolderTree(tmp_path), list(images)) == (None, ())
    assert source_splits(tmp_path)["train"].grey_range is None


def test_full_range_is_scaled_as_ever(tmp_path):
    write_files(tmp_path, files(0, 65535))
    train = source_splits(tmp_path, size=16)["train"]
    assert train.grey_range == FULL_RANGE
    with Image.open(train.paths[0]) as image:
        expected = np.rint(np.asarray(image) / 257)
    assert np.array_equal(train.images[0, 0], expected)


def floats(low, high, folder):
    found = {}
    for number in range(2):
        values = np.random.default_rng(number).uniform(low, high, (8, 8)).astype(np.float32)
        content = io.BytesIO()
        Image.fromarray(values).save(content, "TIFF")
        found[f"{folder}/{number}.tif"] = content.getvalue()
    return found


def test_floats_of_two_ranges_are_told(tmp_path):
    write_files(tmp_path, floats(0, 0.9, "dark") | floats(100, 250, "light"))
    (note,) = [n for n in source_splits(tmp_path)["train"].notes if "floating-point" in n]
    assert "2 have no value above 1, as " in note
    assert "dark/0.tif and 1 more, and are black in the range of all, up to 255." in note


@pytest.mark.parametrize("high", [1, 250])
def test_floats_of_one_range_are_told_nothing_of(tmp_path, high):
    write_files(tmp_path, floats(0.5 * high, high, "a") | floats(0.9 * high, high, "b"))
    assert not any("floating-point" in note for note in source_splits(tmp_path)["train"].notes)


@pytest.mark.parametrize(
    ("lowest", "highest", "expected"),
    [
        (0, 1, (0, 1)),
        (0.1, 0.9, (0, 1)),
        (0, 0.001, (0, 0.001)),  # else all black
        (0, 250, (0, 255)),
        (0, 10, (0, 10)),  # metres, say
        (0, 4000.5, (0, 4095)),
        (-1, 1, (-1, 1)),
        (-1000, 2000, (-1000, 2000)),
        (0, 1e6, (0, 1e6)),
        (0.5, 0.5, (0, 1)),
        (-7, -7, (-7, 0)),
    ],
)
def test_the_rule_for_other_numbers(lowest, highest, expected):
    found, is_cut = wide_range_of(np.ones(1 << 16, np.int64), lowest, highest)
    assert found == expected
    assert not is_cut


@given(st.floats(-1e5, 1e5), st.floats(1e-3, 1e5), st.integers(0, 2**32 - 1), st.integers(0, 3))
def test_detail_of_other_numbers_is_kept(low, width, seed, outliers):
    values = np.random.default_rng(seed).uniform(low, low + width, 20_000)
    values[:outliers] = low + 1000 * width
    lowest, highest = values.min(), values.max()
    counts, _ = np.histogram(values, 1 << 16, (lowest, highest))
    (first, last), _ = wide_range_of(counts, lowest, highest)
    levels = np.rint((values - first) * (255 / (last - first))).clip(0, 255)
    assert len(np.unique(levels)) >= 30


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [(np.float32, 0, 1e-3), (np.float32, -1000, 2000), (np.int32, -1000, 2000)],
)
def test_measurements_keep_their_levels_in_one_range_for_all_files(tmp_path, kind, low, high):
    rng = np.random.default_rng(0)
    found = {
        f"{name}/{i}.tif": encoded(
            Image.fromarray((rng.random((16, 16)) * share * (high - low) + low).astype(kind)),
            "TIFF",
        )
        for name, share in (("dark", 0.1), ("light", 1))
        for i in range(3)
    }
    train = source_splits(write_files(tmp_path, found), size=16)["train"]
    assert len(train) == 6
    assert train.grey_range == pytest.approx((low, high), abs=0.02 * (high - low))
    assert any("becomes black and" in note for note in train.notes)
    brightest = {
        train.classes[label]: image.max()
        for label, image in zip(train.labels, train.images, strict=True)
    }
    assert brightest["dark"] < 30  # not each file by its own range
    assert brightest["light"] > 250
