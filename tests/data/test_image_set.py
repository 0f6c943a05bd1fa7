"""Labelled images, and what arrays they may be.

Tests data/image_set.py, data/array_checks.py.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from convscope.data import mapped
from convscope.data.image_set import ImageSet, Problem, spread_evenly, take
from convscope.errors import UsageError


def some(count=6, channels=1):
    images = np.arange(count * channels * 4, dtype=np.uint8).reshape(count, channels, 2, 2)
    return images, np.arange(count) % 3, ("a", "b", "c")


def test_holds_what_it_was_given():
    images, labels, classes = some()
    problem = Problem("x.jpg", "empty")
    made = ImageSet(images, labels, classes, name="mine", split="test", problems=[problem])
    assert made.images is images
    assert made.labels.dtype == np.int64
    assert len(made) == 6
    assert made.image_shape == (1, 2, 2)
    assert made.counts() == {"a": 2, "b": 2, "c": 2}
    assert made.paths[5] == "mine[5]"
    assert made.problems == (problem,)
    assert repr(made) == "<ImageSet mine, test: 6 images 1×2×2, 3 classes>"
    assert str(made) == "mine, test: 6 images 1×2×2, 3 classes"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": [[1]]}, r"not list\. Convert it with numpy\.asarray"),
        ({"images": np.zeros((6, 2, 2), np.uint8)}, r"Add it with images\[:, None\]"),
        ({"images": np.zeros((6, 4), np.uint8)}, r"four axes; given shape \(6, 4\)"),
        ({"images": np.zeros((6, 28, 28, 3), np.uint8)}, r"images\.transpose\(0, 3, 1, 2\)"),
        ({"images": np.zeros((6, 1, 2, 2))}, r"given float64.*\(images \* 255\)\.round\(\)"),
        ({"images": np.zeros((0, 1, 2, 2), np.uint8)}, "holds no images"),
        ({"labels": [0, 1]}, "labels has 2 entries for 6 images"),
        ({"labels": [0, 1, 2, 0, 3, 1]}, r"labels\[4\] is 3, but with 3 classes.*0 to 2"),
        ({"labels": [0, 1, 2, 0, -1, 1]}, r"labels\[4\] is -1"),
        ({"labels": np.zeros(6)}, "whole numbers.*given float64"),
        ({"labels": np.eye(6, dtype=int)}, r"labels\.argmax\(axis=1\)"),
        ({"classes": []}, "different names, at least one"),
        ({"classes": ["a", "b", "a"]}, "different names"),
        ({"paths": ["x"]}, "paths has 1 entries for 6 images"),
    ],
)
def test_refuses_parts_that_do_not_fit_and_names_the_fix(change, message):
    images, labels, classes = some()
    parts = {"images": images, "labels": labels, "classes": classes} | change
    with pytest.raises(UsageError, match=message):
        ImageSet(**parts)


def test_subset_keeps_what_belongs_together():
    images, labels, classes = some()
    part = ImageSet(images, labels, classes, paths=list("uvwxyz")).subset([4, 1], split="test")
    assert np.array_equal(part.images, images[[4, 1]])
    assert part.labels.tolist() == [1, 1]
    assert part.paths == ["y", "v"]
    assert part.split == "test"


def test_consecutive_rows_are_not_copied():
    images, _, _ = some()
    assert take(images, [2, 3, 4]).base is not None
    assert np.shares_memory(take(images, [2, 3, 4]), images)
    assert not np.shares_memory(take(images, [2, 4]), images)


def test_a_large_copy_goes_to_the_disk_and_leaves_nothing_behind(monkeypatch, cache):
    images, _, _ = some(50, 3)
    monkeypatch.setattr(mapped, "LARGE", 100)
    rows = list(range(49, -1, -2))
    copy = take(images, rows)
    assert isinstance(copy, np.memmap)
    assert np.array_equal(copy, images[rows])
    assert [path for path in cache.rglob("*") if path.is_file()] == []


def test_fingerprint_tells_images_apart():
    images, labels, classes = some()
    first = ImageSet(images, labels, classes, name="mine").fingerprint()
    assert ImageSet(images.copy(), labels, classes, name="yours").fingerprint() == first
    others = [
        ImageSet(images + 1, labels, classes),
        ImageSet(images, labels[::-1].copy(), classes),
        ImageSet(images, labels, ("a", "b", "d")),
        ImageSet(images.reshape(6, 1, 1, 4), labels, classes),
    ]
    assert first not in [each.fingerprint() for each in others]


def test_every_image_counts():
    images = np.random.default_rng(0).integers(0, 256, (4500, 1, 2, 2), dtype=np.uint8)
    labels, classes = np.arange(4500) % 3, ("a", "b", "c")
    first = ImageSet(images, labels, classes).fingerprint()
    for place in range(0, 4500, 431):
        images[place, 0, 1, 1] ^= 1
        other = ImageSet(images, labels, classes)
        assert other.fingerprint() != first
        assert not other.has_fingerprint(first)
        images[place, 0, 1, 1] ^= 1
    assert ImageSet(images, labels, classes).has_fingerprint(first)


@given(arrays.arrays(np.uint8, st.tuples(*[st.integers(1, 4)] * 4)))
def test_statistics_are_those_of_the_pixels(images):
    mean, std = ImageSet(images, [0] * len(images), ["a"]).statistics()
    unit = images / 255
    assert np.allclose(mean, unit.mean(axis=(0, 2, 3)))
    assert np.allclose(std, unit.std(axis=(0, 2, 3)), atol=1e-7)


def test_statistics_read_a_memory_map_in_pieces(tmp_path):
    images = np.memmap(tmp_path / "x", np.uint8, "w+", shape=(70, 3, 300, 300))
    images[::2] = 255
    mean, std = ImageSet(images, [0] * 70, ["a"]).statistics()
    assert mean == pytest.approx((0.5,) * 3)
    assert std == pytest.approx((0.5,) * 3)


def test_places_are_evenly_spread_from_the_first_to_the_last():
    assert spread_evenly(11, 3).tolist() == [0, 5, 10]
    assert spread_evenly(3, 10).tolist() == [0, 1, 2]
    assert spread_evenly(5, 0).tolist() == []
    spread = spread_evenly(1797, 1000)
    assert (spread[0], spread[-1], len(set(spread.tolist()))) == (0, 1796, 1000)
    assert set(np.diff(spread).tolist()) == {1, 2}
