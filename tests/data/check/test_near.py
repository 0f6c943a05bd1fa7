"""Tests data/check/alignment.py, data/check/neighbours.py, data/check/thumbnails.py,
data/check/views.py.
"""

import numpy as np
import pytest
from benchmarks.planted import KINDS, as_array, as_image
from hypothesis import given, settings
from hypothesis import strategies as st

import convscope as cs
from convscope.data.check.near import are_too_small, find_near_duplicates
from tests.conftest import needs_data
from tests.data.check.scenes import image_set, scene, scenes


def plant(images, kind, rows, seed=0):
    random = np.random.default_rng(seed)
    height, width = images.shape[2:]
    return np.stack(
        [as_array(KINDS[kind](as_image(images[row]), random), height, width) for row in rows]
    )


def pairs_in(images, **options):
    splits = {"train": image_set(images)}
    return find_near_duplicates(splits, list(range(len(images))), **options)


def recall_and_false(images, per_kind):
    """Recall for each kind of copy, and the share of distinct images that were reported."""
    count = len(images)
    random = np.random.default_rng(5)
    rows = {kind: random.choice(count, per_kind, replace=False) for kind in KINDS}
    copies = [plant(images, kind, rows[kind]) for kind in KINDS]
    source = np.concatenate([np.arange(count), *rows.values()])
    found, wrong = set(), set()
    for pair in pairs_in(np.concatenate([images, *copies])):
        if source[pair.first] == source[pair.second]:
            found |= {pair.first, pair.second}
        elif pair.second < count:
            wrong |= {pair.first, pair.second}
    recalls = {}
    for place, kind in enumerate(KINDS):
        first = count + place * per_kind
        recalls[kind] = len(found & set(range(first, first + per_kind))) / per_kind
    return recalls, len(wrong) / count


@pytest.mark.parametrize(
    ("side", "channels"),
    [(28, 1), *(pytest.param(side, 3, marks=pytest.mark.slow) for side in (32, 64))],
)
def test_copies_of_every_kind_are_found_and_distinct_images_are_not(side, channels):
    recalls, false = recall_and_false(scenes(400, side, channels), 40)
    assert min(recalls.values()) >= 0.95, recalls
    assert false <= 0.005


@pytest.mark.slow
@needs_data("fashion-mnist")
def test_recall_on_fashion_mnist_where_many_images_look_alike(given_data, monkeypatch):
    monkeypatch.setenv("CONVSCOPE_DATA", given_data)
    images = cs.load("fashion-mnist").images[:8000]
    recalls, false = recall_and_false(images, 100)
    assert min(recalls.values()) >= 0.95, recalls
    assert false <= 0.005


def test_a_pair_says_how_the_images_differ():
    images = scenes(30)
    mirror = images[3][:, :, ::-1]
    part = plant(images, "cropped", [5])[0]
    both = plant(mirror[None], "cropped", [0])[0]
    pairs = pairs_in(np.concatenate([images, [mirror, part]]))
    assert {(each.first, each.second, each.in_words()) for each in pairs} == {
        (3, 30, "mirrored"),
        (5, 31, "one is a part of the other"),
    }
    pairs = pairs_in(np.concatenate([images, [both]]))
    assert [each.in_words() for each in pairs] == ["mirrored, one is a part of the other"]
    pairs = pairs_in(np.concatenate([images, plant(images, "recompressed", [7])]))
    assert [(each.first, each.second, each.in_words()) for each in pairs] == [
        (7, 30, "nearly the same")
    ]
    assert 0.97 < pairs[0].similarity < 1


def test_the_same_shape_in_another_colour_is_another_image():
    red, blue = np.full((2, 3, 32, 32), 255, np.uint8)
    for image, channel in ((red, 0), (blue, 2)):
        image[:, 8:24, 8:24] = 0
        image[channel, 8:24, 8:24] = 200
    assert pairs_in(np.stack([red, blue, *scenes(6)])) == []


def test_a_copy_in_grey_is_found():
    colour = scenes(20)
    grey = np.stack([np.asarray(as_image(each).convert("L")) for each in colour[:5]])
    images = np.concatenate([colour, np.repeat(grey[:, None], 3, axis=1)])
    assert {(pair.first, pair.second) for pair in pairs_in(images)} == {
        (row, 20 + row) for row in range(5)
    }


def test_images_of_little_contrast_are_not_taken_for_one_another():
    images = (scenes(60, channels=1).astype(float) * 0.04 + 100).round().astype(np.uint8)
    assert pairs_in(images) == []


def test_only_the_rows_given_are_looked_at():
    images = scenes(20)
    images = np.concatenate([images, images[:4]])
    splits = {"train": image_set(images)}
    found = find_near_duplicates(splits, [0, 1, 5, 20, 22])
    assert [(each.first, each.second) for each in found] == [(0, 20)]
    assert find_near_duplicates(splits, [0]) == find_near_duplicates(splits, []) == []


def test_rows_count_through_all_splits():
    images = scenes(20)
    splits = {
        "train": image_set(images),
        "test": image_set(np.concatenate([scenes(3, first=100), images[4:5]]), split="test"),
    }
    found = find_near_duplicates(splits, list(range(24)))
    assert [(each.first, each.second) for each in found] == [(4, 23)]


def test_progress_counts_every_image():
    steps = []
    images = scenes(700, 16, 1)
    pairs_in(images, advance=steps.append)
    assert sum(steps) == 700
    assert len(steps) > 1


@settings(max_examples=15)
@given(
    count=st.integers(2, 12),
    side=st.integers(16, 40),
    channels=st.sampled_from([1, 2, 3, 4]),
    seed=st.integers(0, 99),
)
def test_any_number_size_and_channels(count, side, channels, seed):
    wide = [scene(seed + row, side, 3) for row in range(count)]
    images = np.stack([np.resize(image, (channels, side, side)) for image in wide])
    images = np.concatenate([images, images[:1]])
    found = {(each.first, each.second) for each in pairs_in(images)}
    assert (0, count) in found


def test_images_of_a_few_pixels_are_too_small_to_tell():
    assert are_too_small({"train": image_set(scenes(4, 15))})
    assert not are_too_small({"train": image_set(scenes(4, 16))})
    enlarged = image_set(scenes(4, 64))
    enlarged.original_sizes = {(8, 8): 4}
    assert are_too_small({"train": enlarged})
