"""Kernels made by hand: the gallery, what people type, and what they make of an image.

Tests inspection/kernels/apply.py, inspection/kernels/filter_image.py.
"""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from convscope.data.decode import ImageError
from convscope.errors import UsageError
from convscope.inspection.kernels.apply import apply_kernel
from convscope.inspection.kernels.filter_image import LARGEST, read_image
from convscope.inspection.kernels.kernel import GALLERY, Kernel, find_kernel

DIFFERENCES = {
    "laplace", "horizontal-edges", "vertical-edges", "sobel-horizontal", "sobel-vertical",
}  # fmt: skip


def image(channels=3, height=7, width=9, seed=0):
    values = np.random.default_rng(seed).integers(0, 256, (channels, height, width))
    return values.astype(np.uint8)


def test_gallery_has_what_courses_show():
    assert set(GALLERY) == {"mean", "gaussian", "sharpen", "emboss"} | DIFFERENCES
    for name, kernel in GALLERY.items():
        assert kernel.name == name
        assert kernel.effect
        assert kernel.is_difference == (name in DIFFERENCES)
        assert kernel.keeps_brightness == (name not in DIFFERENCES)


@pytest.mark.parametrize("name", GALLERY)
def test_even_areas_stay_or_become_0(name):
    even = np.full((1, 8, 8), 77, np.uint8)
    values = apply_kernel(even, GALLERY[name]).values
    np.testing.assert_allclose(values, 0 if name in DIFFERENCES else 77, atol=1e-9)


def test_edges_of_one_direction_only():
    upright = np.zeros((1, 6, 6), np.uint8)
    upright[:, :, 3:] = 100  # dark left, bright right
    for name in ("vertical-edges", "sobel-vertical"):
        found = apply_kernel(upright, GALLERY[name]).values[0]
        assert (found[:, 1:3] > 0).all()
        assert not found[:, [0, 3]].any()
        across = apply_kernel(upright.transpose(0, 2, 1), GALLERY[name]).values
        assert not across.any()
    for name in ("horizontal-edges", "sobel-horizontal"):
        assert not apply_kernel(upright, GALLERY[name]).values.any()


@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate", "circular"])
@settings(max_examples=15, deadline=None)
@given(
    st.sampled_from([1, 3]),
    st.integers(5, 9),
    st.integers(5, 9),
    st.integers(1, 3),
    st.integers(0, 2),
    st.integers(1, 2),
    st.sampled_from(["mean", "gaussian", "sharpen", "emboss"]),
)
def test_agrees_with_pytorch(mode, channels, height, width, stride, padding, dilation, name):
    pixels, kernel = image(channels, height, width), GALLERY[name]
    settings = {"stride": stride, "padding": padding, "dilation": dilation}
    if dilation * (len(kernel.rows) - 1) >= min(height, width) + 2 * padding:
        with pytest.raises(UsageError, match="is larger than the image"):
            apply_kernel(pixels, kernel, mode=mode, **settings)
        return
    found = apply_kernel(pixels, kernel, mode=mode, **settings)
    x = torch.from_numpy(pixels.astype(np.float64))[None]
    x = F.pad(x, [padding] * 4, mode="constant" if mode == "zeros" else mode)
    weight = torch.from_numpy(kernel.weights).expand(channels, 1, -1, -1)
    expected = F.conv2d(x, weight, stride=stride, dilation=dilation, groups=channels)[0]
    np.testing.assert_allclose(found.values, expected, atol=1e-9)
    for line, size in zip(found.formula, found.values.shape[1:], strict=True):
        assert line.endswith(f"= {size}")


def test_differences_are_taken_of_the_grey_image():
    pixels = image()
    grey = np.asarray(Image.fromarray(pixels.transpose(1, 2, 0)).convert("L"))[None]
    found = apply_kernel(pixels, GALLERY["laplace"]).values
    assert found.shape == (1, 5, 7)
    np.testing.assert_array_equal(found, apply_kernel(grey, GALLERY["laplace"]).values)


def test_the_formula_of_the_output_size():
    found = apply_kernel(image(1, 8, 9), GALLERY["laplace"], stride=2, padding=1, dilation=2)
    assert found.formula == (
        "height ⌊(8 − 5 + 2 + 2) / 2⌋ = 3",
        "width ⌊(9 − 5 + 2 + 2) / 2⌋ = 4",
    )
    assert found.values.shape == (1, 3, 4)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("1 0 -1; 2 0 -2; 1 0 -1", ((1, 0, -1), (2, 0, -2), (1, 0, -1))),
        ("  1,2 ;3, 4;", ((1, 2), (3, 4))),
        ("1/4 .5 -0.25", ((0.25, 0.5, -0.25),)),
        ("-1;1", ((-1,), (1,))),
    ],
)
def test_kernels_are_read(text, rows):
    assert find_kernel(text).rows == rows


def test_kernels_are_found_by_name():
    assert find_kernel(" Sobel-Vertical ") is GALLERY["sobel-vertical"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sobel", "Unknown kernel 'sobel'. There are: emboss,"),
        ("lapalce", "Unknown kernel 'lapalce'. Did you mean 'laplace'?"),
        ("1 2; 3", "'1 2; 3' is no matrix: row 1 has 2 numbers and row 2 has 1."),
        ("1 2;; 3 4", "row 1 has 2 numbers and row 2 has 0."),
        ("1 a", "holds 'a', which is no number. Write spaces between numbers and semicolons"),
        ("1/0 1", "holds '1/0', which is no number."),
        ("1e999999999", "holds '1e999999999', which is no number."),
        ("-inf", "holds '-inf', which is no number."),
        ("0 0; 0 0", "holds only zeros"),
        (" ; ", "No kernel given. Write one, as in '1 0 -1; 2 0 -2; 1 0 -1', or name one of: mean"),
    ],
)
def test_what_is_no_kernel_is_explained(text, words):
    with pytest.raises(UsageError) as error:
        find_kernel(text)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"stride": 0}, "stride must be a whole number of at least 1; given 0."),
        ({"padding": -1}, "padding must be a whole number of at least 0; given -1."),
        ({"dilation": 0}, "dilation must be a whole number of at least 1; given 0."),
        ({"mode": "mirror"}, "Unknown padding mode 'mirror'."),
        (
            {"dilation": 4, "padding": 1},
            "The kernel of 3 × 3 (spread to 9 × 9 by dilation 4) is larger than the image of "
            "5 × 7 pixels with 1 of padding on each side. Use a larger image, more padding or a "
            "smaller kernel.",
        ),
    ],
)
def test_settings_that_don_t_fit_are_explained(change, message):
    with pytest.raises(UsageError) as error:
        apply_kernel(image(1, 5, 7), GALLERY["laplace"], **change)
    assert str(error.value).startswith(message)


def test_large_images_are_made_smaller(tmp_path):
    Image.fromarray(image(3, 300, 1000).transpose(1, 2, 0)).save(tmp_path / "wide.png")
    pixels, note = read_image(tmp_path / "wide.png")
    assert pixels.shape == (3, 120, LARGEST)
    assert pixels.dtype == np.uint8
    assert note.startswith("The image of 300 × 1000 pixels was first made 120 × 400,")


def test_small_images_stay(tmp_path):
    pixels = image(1, 20, 30)
    Image.fromarray(pixels[0]).save(tmp_path / "small.png")
    found, note = read_image(tmp_path / "small.png")
    np.testing.assert_array_equal(found, pixels)
    assert note == ""


def test_an_unreadable_image_is_named(tmp_path):
    (tmp_path / "text.png").write_text("no image")
    with pytest.raises(ImageError, match="text.png: not a readable JPEG"):
        read_image(tmp_path / "text.png")


def test_a_kernel_made_in_python():
    kernel = Kernel("halves", ((1, 1),), divisor=2)
    np.testing.assert_array_equal(kernel.weights, [[0.5, 0.5]])
    assert kernel.keeps_brightness
    assert not kernel.is_difference
