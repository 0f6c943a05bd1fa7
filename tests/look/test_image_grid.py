import warnings

import numpy as np
import pytest
from PIL import Image

from convscope.errors import UsageError
from convscope.look.image_grid import RESOLUTION, _caption, image_grid
from tests.data.image_files import noise


def sheet(path):
    return np.asarray(Image.open(path).convert("RGB")).astype(int)


def has_square(pixels, colour, side):
    """Whether a square of about this colour is somewhere on the sheet."""
    close = (np.abs(pixels - colour) <= 2).all(-1)
    windows = np.lib.stride_tricks.sliding_window_view(close, (side, side))
    return bool(windows[::4, ::4].all((-1, -2)).any())


def test_images_are_enlarged_without_smoothing_and_keep_their_colours(tmp_path):
    images = np.zeros((1, 3, 2, 2), np.uint8)
    images[0, :, 0, 0], images[0, :, 1, 1] = (255, 0, 0), (0, 0, 200)
    image_grid(tmp_path / "sheet.png", images, ["a"], "One")
    pixels = sheet(tmp_path / "sheet.png")
    assert has_square(pixels, (255, 0, 0), 48)
    assert has_square(pixels, (0, 0, 200), 48)


def test_grey_images_are_grey_and_not_stretched_in_contrast(tmp_path):
    images = np.full((1, 1, 4, 4), 100, np.uint8)
    images[0, 0, 0, 0] = 120
    image_grid(tmp_path / "sheet.png", images, ["a"], "Grey")
    assert has_square(sheet(tmp_path / "sheet.png"), (100, 100, 100), 40)


@pytest.mark.parametrize(("count", "columns", "rows"), [(3, 3, 1), (10, 10, 1), (25, 10, 3)])
def test_the_sheet_has_rows_of_ten(tmp_path, count, columns, rows):
    images = np.stack([noise(8, 8).transpose(2, 0, 1)] * count)
    image_grid(tmp_path / "sheet.png", images, ["a"] * count, "N")
    height, width, _ = sheet(tmp_path / "sheet.png").shape
    assert width == pytest.approx(columns * 1.15 * RESOLUTION, abs=2)
    assert rows * 1.15 * RESOLUTION < height < (rows * 1.35 + 0.6) * RESOLUTION


def test_any_text_is_drawn_as_it_is(tmp_path):
    captions = ["$x^2_3$", "猫和狗", "a\nb\nc\nd", "tab\there", "x" * 300, "", "\\frac{"]
    images = np.zeros((len(captions), 1, 300, 200), np.uint8)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        image_grid(tmp_path / "sheet.png", images, captions, "$\\alpha 图")
    assert (tmp_path / "sheet.png").stat().st_size > 1000


@pytest.mark.parametrize(
    ("text", "caption"),
    [
        ("cat", "cat"),
        ("pets/cats/a_very_long_name_000123.jpg", "pets/cats…0123.jpg"),
        ("a very long class name\nshort", "a very lo…ass name\nshort"),
        ("一二三四五六七八九十", "一二三四…七八九十"),
        ("1\n2\n3\n4", "1\n2\n3"),
        ("bell\x07", "bell "),
    ],
)
def test_captions_are_shortened_in_the_middle(text, caption):
    assert _caption(text) == caption


def test_a_sheet_needs_a_caption_for_each_image(tmp_path):
    with pytest.raises(UsageError, match="2 images and 1 captions do not make a sheet"):
        image_grid(tmp_path / "x.png", np.zeros((2, 1, 4, 4), np.uint8), ["a"], "T")
    with pytest.raises(UsageError, match="0 images"):
        image_grid(tmp_path / "x.png", np.zeros((0, 1, 4, 4), np.uint8), [], "T")
    assert list(tmp_path.iterdir()) == []
