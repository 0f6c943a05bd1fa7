"""Crops of one image at different places are found, and other images aren't taken for them.

Tests data/check/overlaps.py.
"""

import numpy as np
import pytest

from convscope.data import near_copies
from convscope.data.check.near import find_near_duplicates
from convscope.data.check.overlaps import find_overlaps
from convscope.data.exact_duplicates import merge
from convscope.data.near_copies import add_near_copies
from tests.data.check.scenes import image_set, scenes


def cut_five(images, side):
    """The four corners and the middle of each image, one image after another."""
    last = images.shape[-1] - side
    places = [(0, 0), (0, last), (last, 0), (last, last), (last // 2, last // 2)]
    cut = [images[..., y : y + side, x : x + side] for y, x in places]
    return np.stack(cut, axis=1).reshape(-1, images.shape[1], side, side)


def pairs_by_image(found):
    """Pairs of crops of one image, and of two."""
    return [pair for pair in found if pair[0] // 5 == pair[1] // 5], [
        pair for pair in found if pair[0] // 5 != pair[1] // 5
    ]


@pytest.mark.parametrize(("whole", "side", "channels"), [(32, 28, 3), (40, 32, 1), (80, 64, 3)])
def test_five_crops_of_an_image_are_one_group(whole, side, channels):
    crops = image_set(cut_five(scenes(6, whole, channels), side))
    found = find_overlaps(crops, list(range(30)))
    same, others = pairs_by_image(found)
    assert others == []
    assert merge(30, same) == [list(range(5 * each, 5 * each + 5)) for each in range(6)]
    assert found == sorted(set(found))


def test_of_moved_crops_the_search_for_copies_of_wholes_finds_few():
    crops = image_set(cut_five(scenes(6, 40, 3), 32))
    near = find_near_duplicates({"train": crops}, list(range(30)))
    assert len(near) < len(find_overlaps(crops, list(range(30)))) / 2


def test_different_images_share_nothing():
    assert find_overlaps(image_set(scenes(40)), list(range(40))) == []


def test_copies_of_the_whole_are_no_crops():
    images = scenes(4)
    noisy = np.clip(images + np.random.default_rng(0).normal(0, 2, images.shape), 0, 255)
    assert find_overlaps(image_set(np.concatenate([images, noisy.astype(np.uint8)])), [0, 4]) == []


def test_only_the_rows_that_are_given_are_looked_at():
    crops = image_set(cut_five(scenes(2, 40), 32))
    assert set(find_overlaps(crops, [0, 4, 7])) == {(0, 4)}
    assert find_overlaps(crops, [3]) == []
    assert find_overlaps(crops, []) == []


def test_a_split_keeps_crops_together():
    crops = image_set(cut_five(scenes(6, 40), 32))
    groups, (note,) = add_near_copies(crops, [])
    assert groups == [list(range(5 * each, 5 * each + 5)) for each in range(6)]
    assert note.startswith("30 images are near copies of others")
    assert add_near_copies(crops, [])[0] == groups  # from the cache


def test_crops_that_would_join_too_many_are_left_apart(monkeypatch):
    chain = [(row, row + 1) for row in range(20)]
    monkeypatch.setattr(near_copies, "find_overlaps", lambda images, rows: chain)
    images = scenes(24)
    images[23] = images[22][..., ::-1]  # a copy of the whole, kept together all the same
    groups, _ = add_near_copies(image_set(images, labels=np.arange(24) // 12), [[0, 5]])
    assert groups == [[0, 5], [22, 23]]
