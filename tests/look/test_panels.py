"""Images and maps as they are drawn, read back from the drawing."""

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from convscope.look.canvas import drawing
from convscope.look.panels import (
    draw_image,
    draw_mosaic,
    draw_numbers,
    draw_values,
    size,
    value_range,
)
from tests.drawn import texts

random = np.random.default_rng(0)


@pytest.fixture
def axes():
    return Figure().subplots()


def test_a_grey_image_a_colour_one_and_one_of_many_channels(axes):
    pixels = random.integers(0, 256, (5, 4, 6), dtype=np.uint8)
    grey = draw_image(axes, pixels[:1])
    np.testing.assert_array_equal(grey.get_array(), pixels[0])
    assert grey.get_clim() == (0, 255)
    colour = draw_image(axes, pixels[:3])
    np.testing.assert_array_equal(colour.get_array(), pixels[:3].transpose(1, 2, 0))
    np.testing.assert_array_equal(draw_image(axes, pixels).get_array(), pixels[0])
    assert not axes.get_xticks().size


def test_small_images_have_square_pixels_and_large_ones_are_smoothed(axes):
    assert draw_image(axes, np.zeros((1, 28, 28), np.uint8)).get_interpolation() == "nearest"
    assert draw_image(axes, np.zeros((1, 9, 200), np.uint8)).get_interpolation() == "antialiased"


def test_numbers_below_0_and_above_0_reach_equally_far(axes):
    drawn = draw_values(axes, np.array([[-1.0, 3.0]]), -1.0, 3.0)
    assert drawn.get_clim() == (-3, 3)
    assert to_hex(drawn.to_rgba(0.0)) == to_hex(drawn.get_cmap()(0.5))
    assert draw_values(axes, np.array([[0.0, 3.0]]), 0.0, 3.0).get_clim() == (0, 3)
    low, high = draw_values(axes, np.zeros((1, 2)), 0.0, 0.0).get_clim()
    assert low < high


def test_a_small_matrix_shows_its_numbers(axes):
    draw_numbers(axes, np.array([[1.0, -0.125], [0.0, 2.00004]]), 8)
    assert sorted(texts(axes.figure).split()) == ["0", "1", "2", "−0.125"]
    draw_numbers(axes, np.zeros((2, 2)), 8)  # no division by 0


def test_a_mosaic_holds_every_map_with_its_number(axes):
    maps = random.normal(size=(5, 48, 48))
    whole = np.asarray(draw_mosaic(axes, maps, 2, -1.0, 1.0).get_array().filled(np.nan))
    assert texts(axes.figure).split() == ["0", "1", "2", "3", "4"]
    shown = whole[~np.isnan(whole)]
    assert len(shown) == 4 * maps.size  # each pixel twice in both directions
    np.testing.assert_allclose(np.sort(shown), np.sort(maps.repeat(4)))
    np.testing.assert_array_equal(whole[16:112:2, :96:2], maps[0])
    np.testing.assert_array_equal(whole[16:112:2, 112::2], maps[1])


def test_reach_keeps_0_and_leaves_out_the_few():
    values = np.concatenate([np.linspace(-1, 2, 1000), [1000.0]])
    low, high = value_range(values)
    assert low == -1
    assert 1.9 < high < 2.1
    assert value_range(np.full(4, 3.0)) == (0, 3)
    assert value_range(np.zeros(3)) == (0, 0)
    assert size(np.zeros((3, 12, 7))) == "12 × 7"


def test_many_long_numbers_in_a_row_get_fewer_digits_and_then_smaller_letters():
    few = draw(np.array([[0.12345, -1.0]]))
    assert [text.get_text() for text in few] == ["0.1235", "−1"]
    assert few[0].get_fontsize() == 11
    many = draw(np.full((2, 8), -0.123456))
    assert {text.get_text() for text in many} == {"−0.12"}
    assert many[0].get_fontsize() == 11
    long = draw(np.full((2, 9), -0.00123456))
    assert long[0].get_fontsize() * len(long[0].get_text()) * 9 <= 11 * 40 * 1.001


def draw(values):
    with drawing(None, 4, 4) as figure:
        axes = figure.add_subplot()
        draw_numbers(axes, values, 11)
        return axes.texts
