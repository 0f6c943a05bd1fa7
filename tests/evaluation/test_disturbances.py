"""Each disturbance does what it says, by as much as it says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convscope.evaluation.disturbances import (
    DISTURBANCES,
    blur,
    brighten,
    compress,
    noise,
    rotate,
    shift,
)


def random(seed=0):
    return np.random.default_rng(seed)


def images(count=6, channels=1, height=12, width=12, seed=3):
    return random(seed).integers(0, 256, (count, channels, height, width), dtype=np.uint8)


@given(
    st.sampled_from(DISTURBANCES),
    st.integers(1, 3),
    st.integers(1, 4),
    st.integers(8, 20),
    st.integers(8, 20),
)
def test_shape_and_kind_are_kept_and_the_seed_decides(kind, count, channels, height, width):
    given_ = images(count, channels, height, width)
    before = given_.copy()
    for severity in kind.severities(min(height, width)):
        worse = kind.change(given_, severity, random())
        assert worse.shape == given_.shape
        assert worse.dtype == np.uint8
        assert (kind.change(given_, severity, random()) == worse).all()
    assert (given_ == before).all()  # the images themselves stay


@pytest.mark.parametrize("kind", DISTURBANCES, ids=lambda kind: kind.name)
@pytest.mark.parametrize("side", [8, 28, 32, 96, 224])
def test_severities_rise_and_leave_something_of_the_image(kind, side):
    severities = kind.severities(side)
    assert kind.unchanged not in severities
    assert len(set(severities)) == len(severities)
    if kind.name in ("shift", "blur"):
        assert severities[-1] <= 0.2 * side


def test_shift_moves_by_whole_pixels_in_all_four_directions():
    given_ = np.repeat(images(1), 40, axis=0)
    moved = shift(given_, 2, random())
    seen = set()
    for one in moved:
        for name, view, origin in [
            ("left", one[:, :, :-2], given_[0][:, :, 2:]),
            ("right", one[:, :, 2:], given_[0][:, :, :-2]),
            ("up", one[:, :-2], given_[0][:, 2:]),
            ("down", one[:, 2:], given_[0][:, :-2]),
        ]:
            if np.array_equal(view, origin):
                seen.add(name)
                break
        else:
            pytest.fail("an image moved in another way")
    assert seen == {"left", "right", "up", "down"}


def test_noise_has_the_stated_deviation():
    grey = np.full((4, 1, 64, 64), 128, np.uint8)
    added = noise(grey, 16, random()).astype(float) - 128
    assert added.std() == pytest.approx(16, rel=0.03)
    assert added.mean() == pytest.approx(0, abs=0.5)


def test_images_may_lie_in_any_order_in_memory():
    """As arrays do whose axes were exchanged: channels last, seen as channels first."""
    pixels = np.random.default_rng(0).integers(0, 256, (2, 9, 9, 3), np.uint8)
    seen = pixels.transpose(0, 3, 1, 2)
    assert np.array_equal(
        blur(seen, 1.0, random()), blur(np.ascontiguousarray(seen), 1.0, random())
    )


def test_blur_spreads_a_point_as_a_gaussian_and_leaves_even_images():
    point = np.zeros((1, 1, 31, 31), np.uint8)
    point[0, 0, 15, 15] = 255
    spread = blur(point, 1.5, random())[0, 0].astype(float)
    middle = spread[15, 15]
    assert middle == pytest.approx(255 / (2 * np.pi * 1.5**2), abs=1)
    assert spread[15, 17] == pytest.approx(middle * np.exp(-(2**2) / (2 * 1.5**2)), abs=1)
    even = np.full((1, 3, 9, 9), 77, np.uint8)
    assert (blur(even, 2.0, random()) == 77).all()  # also at the border


def test_brightness_is_added_and_cut_off():
    row = np.array([0, 100, 250], np.uint8).reshape(1, 1, 1, 3)
    assert brighten(row, 32, random()).ravel().tolist() == [32, 132, 255]
    assert brighten(row, -32, random()).ravel().tolist() == [0, 68, 218]


def test_a_quarter_turn_is_exact_and_goes_both_ways():
    given_ = np.repeat(images(1, channels=3), 20, axis=0)
    turned = rotate(given_, 90, random())
    ways = {
        sign
        for one in turned
        for sign in (1, -1)
        if np.array_equal(one, np.rot90(given_[0], sign, axes=(1, 2)))
    }
    assert ways == {1, -1}


def test_turning_keeps_the_proportions_of_oblong_images():
    """A disc stays a disc: its pixels keep their distance from the middle."""
    rows, columns = np.mgrid[:20, :40]
    disc = (rows - 9.5) ** 2 + (columns - 19.5) ** 2 < 8**2
    given_ = (255 * disc).astype(np.uint8)[None, None]
    turned = rotate(given_, 45, random())[0, 0]
    far = (rows - 9.5) ** 2 + (columns - 19.5) ** 2
    assert turned[far < 7**2].min() > 200
    assert turned[far > 9**2].max() < 55


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_jpeg_gets_worse_with_less_quality(channels):
    given_ = images(4, channels, 24, 24)

    def error(quality):
        return np.abs(compress(given_, quality, random()).astype(int) - given_).mean()

    assert 0 < error(95) < error(50) < error(10)
