import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from convscope.data.decode import FORMATS, ImageError, decode, fit_extents, is_colour
from tests.data.image_files import SAVED, encoded, noise


def shown(values):
    """The single row of one-channel results as a list."""
    return values[0, 0].tolist()


# Modes: known values in, known values out.


def test_colour_and_grey_keep_their_values():
    colour, grey = noise(6, 4), noise(6, 4, channels=1)
    assert np.array_equal(decode(encoded(colour)), colour.transpose(2, 0, 1))
    assert np.array_equal(decode(encoded(grey)), grey[None])


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_can_be_read(kind):
    image = np.full((8, 8, 3), (200, 100, 50), np.uint8)
    values = decode(encoded(image, kind, **SAVED[kind]))
    assert np.abs(values[:, 4, 4].astype(int) - (200, 100, 50)).max() <= 2


def test_one_bit_is_black_and_white():
    image = Image.fromarray(np.array([[0, 255, 255, 0]], np.uint8)).convert("1")
    assert shown(decode(encoded(image))) == [0, 255, 255, 0]


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "PPM"])
def test_sixteen_bit_grey_is_scaled_and_not_clipped(kind):
    values = np.array([[0, 257, 300, 40000, 65535]], np.uint16)
    result = decode(encoded(values, kind))
    assert shown(result) == [0, 1, 1, 156, 255]
    assert shown(decode(encoded(values, kind), channels=3)) == [0, 1, 1, 156, 255]


def test_big_endian_sixteen_bit_grey():
    values = np.array([[0, 40000, 65535]], np.uint16)
    image = Image.frombytes("I;16B", (3, 1), values.astype(">u2").tobytes())
    assert shown(decode(encoded(image, "TIFF"))) == [0, 156, 255]


def test_thirty_two_bit_grey_means_sixteen_bit_values():
    image = Image.fromarray(np.array([[0, 40000, 65535]], np.int32))
    assert shown(decode(encoded(image, "TIFF"))) == [0, 156, 255]
    for low, high in ((-1, 5), (0, 65536)):
        beyond = Image.fromarray(np.array([[low, high]], np.int32))
        with pytest.raises(ImageError, match=rf"from {low} to {high} are not within 0 to 65535"):
            decode(encoded(beyond, "TIFF"))


@pytest.mark.parametrize("highest", [1.02, 2.0, 8.0])
def test_floating_point_grey_of_other_ranges_is_never_black_in_silence(highest):
    image = Image.fromarray(np.array([[0.0, highest]], np.float32))
    with pytest.raises(ImageError, match=f"up to {highest:g}: neither 0 to 1, nor 0 to 255"):
        decode(encoded(image, "TIFF"))


def test_floating_point_grey_is_in_unit_or_byte_range():
    unit = Image.fromarray(np.array([[0.0, 0.5, 1.0]], np.float32))
    assert shown(decode(encoded(unit, "TIFF"))) == [0, 128, 255]
    byte = Image.fromarray(np.array([[0.0, 127.6, 255.0]], np.float32))
    assert shown(decode(encoded(byte, "TIFF"))) == [0, 128, 255]
    for wrong in (np.nan, -0.5, 300.0, np.inf):
        image = Image.fromarray(np.array([[0.0, wrong]], np.float32))
        with pytest.raises(ImageError, match="not within 0 to 255"):
            decode(encoded(image, "TIFF"))
    with pytest.raises(ImageError, match="NaN"):
        decode(
            encoded(Image.fromarray(np.array([[0, np.nan]], np.float32)), "TIFF"), grey_range=(0, 9)
        )


def test_a_range_holds_for_floating_point_and_whole_numbers_alike():
    for kind in (np.float32, np.int32):
        image = Image.fromarray(np.array([[-1000, 500, 2000, 5000]], kind))
        assert shown(decode(encoded(image, "TIFF"), grey_range=(-1000, 2000))) == [0, 128, 255, 255]
    dark = Image.fromarray(np.array([[0.0, 0.5]], np.float32))  # black in its set, not grey
    assert shown(decode(encoded(dark, "TIFF"), grey_range=(0, 255))) == [0, 0]


def test_sixteen_bit_colour_keeps_the_upper_bits():
    # Pillow cannot write it, so here is a PNG by hand: 1×1, 16 bits, RGB.
    def chunk(kind, content):
        check = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)

    pixels = struct.pack(">BHHH", 0, 40000, 65535, 0)
    content = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 16, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(pixels))
        + chunk(b"IEND", b"")
    )
    assert decode(content)[:, 0, 0].tolist() == [156, 255, 0]


def test_transparency_is_laid_on_white():
    colour = Image.fromarray(
        np.array([[[255, 0, 0, 0], [255, 0, 0, 255], [0, 0, 0, 128]]], np.uint8)
    )
    assert decode(encoded(colour)).transpose(1, 2, 0).tolist() == [
        [[255, 255, 255], [255, 0, 0], [127, 127, 127]]
    ]
    grey = Image.fromarray(np.array([[[0, 0], [0, 255], [0, 128]]], np.uint8))
    assert grey.mode == "LA"
    assert shown(decode(encoded(grey))) == [255, 0, 127]


def test_palette_and_colour_key():
    palette = Image.fromarray(np.array([[0, 1, 2]], np.uint8)).convert("P")
    palette.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90])
    opaque = decode(encoded(palette)).transpose(1, 2, 0).tolist()
    assert opaque == [[[10, 20, 30], [40, 50, 60], [70, 80, 90]]]
    for transparency in (1, b"\xff\x00\xff"):
        keyed = decode(encoded(palette, transparency=transparency))
        assert keyed.transpose(1, 2, 0).tolist() == [[[10, 20, 30], [255, 255, 255], [70, 80, 90]]]
    key = encoded(Image.fromarray(np.array([[7, 8]], np.uint8)), transparency=7)
    assert shown(decode(key)) == [255, 8]


def test_cmyk():
    # (C, M, Y, K): white, black, red, half of black
    inks = np.array([[[0, 0, 0, 0], [0, 0, 0, 255], [0, 255, 255, 0], [0, 0, 0, 128]]], np.uint8)
    wanted = [[[255, 255, 255], [0, 0, 0], [255, 0, 0], [127, 127, 127]]]
    image = Image.fromarray(np.repeat(np.repeat(inks, 8, 0), 8, 1), "CMYK")
    tiff = decode(encoded(image, "TIFF"))[:, 4:5, 4::8]
    assert tiff.transpose(1, 2, 0).tolist() == wanted
    # In a JPEG the inks are inverted, as Adobe writes them and as Pillow writes them here.
    jpeg = decode(encoded(image, "JPEG", quality=100, subsampling=0))[:, 4:5, 4::8]
    assert np.abs(jpeg.transpose(1, 2, 0).astype(int) - wanted).max() <= 3


def test_ycck_jpeg_is_read_like_cmyk():
    inks = np.full((8, 8, 4), (0, 255, 255, 0), np.uint8)
    content = encoded(Image.fromarray(inks, "CMYK"), "JPEG", quality=100, subsampling=0)
    # Declaring the stored channels to be YCCK makes libjpeg convert them before Pillow inverts.
    marker = content.index(b"Adobe")
    declared = content[: marker + 11] + b"\x02" + content[marker + 12 :]
    assert content[marker + 11] == 0
    values = decode(declared)
    stored = 255 - inks[0, 0, :3].astype(float)  # Y, Cb, Cr
    red = stored[0] + 1.402 * (stored[2] - 128)
    # libjpeg's YCCK gives C = 255 − R, and the file's inks are inverted once more.
    assert abs(int(values[0, 4, 4]) - np.clip(255 - red, 0, 255)) <= 4


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF"])
def test_the_first_frame_of_an_animation_counts(kind):
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue", "green")]
    options = {"lossless": True} if kind == "WEBP" else {}
    content = encoded(frames[0], kind, save_all=True, append_images=frames[1:], **options)
    assert decode(content)[:, 0, 0].tolist() == [255, 0, 0]


# Channels and size.


def test_channels_are_converted_on_request():
    grey, colour = encoded(noise(5, 5, 1)), encoded(noise(5, 5))
    repeated = decode(grey, channels=3)
    assert repeated.shape == (3, 5, 5)
    assert np.array_equal(repeated[0], repeated[2])
    luma = np.tensordot((0.299, 0.587, 0.114), noise(5, 5).transpose(2, 0, 1), 1)
    assert np.abs(decode(colour, channels=1)[0] - luma).max() <= 1


@pytest.mark.parametrize(("height", "width"), [(40, 60), (61, 40), (7, 5), (1, 300), (32, 32)])
def test_the_centred_square_is_resized(height, width):
    image = noise(height, width)
    values = decode(encoded(image), size=16)
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = Image.fromarray(image[top : top + side, left : left + side])
    expected = np.asarray(square.resize((16, 16), Image.Resampling.BILINEAR))
    assert np.array_equal(values, expected.transpose(2, 0, 1))


def test_a_large_jpeg_is_decoded_small_and_looks_the_same():
    rows, columns = np.mgrid[:1200, :1600]
    smooth = (127 + 120 * np.sin(rows / 90) * np.cos(columns / 70)).astype(np.uint8)
    content = encoded(smooth, "JPEG", quality=95)
    full = np.asarray(Image.open(io.BytesIO(content)))[:, 200:1400]
    expected = Image.fromarray(full).resize((64, 64), Image.Resampling.BILINEAR)
    assert np.abs(decode(content, size=64)[0] - np.asarray(expected, dtype=int)).max() <= 3


# Orientation.


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_images_stand_upright(kind, orientation):
    coarse = np.zeros((16, 32, 3), np.uint8)
    coarse[:8, :8], coarse[:8, 8:], coarse[8:, 16:] = (255, 0, 0), (0, 0, 255), (0, 255, 0)
    tags = Image.Exif()
    tags[0x0112] = orientation
    content = encoded(Image.fromarray(coarse), kind, exif=tags, **SAVED[kind])
    reference = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
    values = decode(content)
    assert np.array_equal(values, np.asarray(reference.convert("RGB")).transpose(2, 0, 1))
    assert values.shape == ((3, 16, 32) if orientation <= 4 else (3, 32, 16))
    # Where the red corner ends up, by the meaning of the eight values.
    corner = {1: (0, 0), 2: (0, -1), 3: (-1, -1), 4: (-1, 0)} | {
        5: (0, 0), 6: (0, -1), 7: (-1, -1), 8: (-1, 0),
    }  # fmt: skip
    row, column = corner[orientation]
    assert np.abs(values[:, row, column].astype(int) - (255, 0, 0)).max() <= 40


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("junk", [b"II*\0\x08\0\0\0\xff\x00nonsense", b"nonsense"])
def test_exif_nonsense_does_not_spoil_a_image(kind, junk):
    assert decode(encoded(noise(8, 8, 1), kind, exif=b"Exif\0\0" + junk)).shape == (1, 8, 8)


# Whether a header speaks of colour.


def test_grey_files_say_so():
    assert not is_colour(encoded(noise(4, 4, 1)))
    assert not is_colour(encoded(np.zeros((4, 4), np.uint16)))
    assert is_colour(encoded(noise(4, 4)))
    assert not is_colour(b"no image")


def test_padding_keeps_all_of_a_wide_image_between_black():
    content = encoded(np.full((10, 40, 3), 200, np.uint8))
    image = decode(content, size=8, fit="pad")
    assert (image[:, 3:5] == 200).all()  # 2 of 8 rows
    assert (image[:, :3] == 0).all()
    assert (image[:, 5:] == 0).all()
    assert np.array_equal(decode(content, size=8, fit="stretch"), np.full((3, 8, 8), 200))


@given(
    st.integers(1, 60), st.integers(1, 60), st.integers(1, 30), st.sampled_from(("pad", "stretch"))
)
def test_no_end_of_an_image_is_lost(height, width, size, fit):
    """All corners of a bright image on dark ground are still there, wherever it is put."""
    array = np.full((height, width), 255, np.uint8)
    image = decode(encoded(array), size=size, fit=fit)[0]
    columns, rows = fit_extents(width, height, size) if fit == "pad" else (size, size)
    assert image.shape == (size, size)
    assert (image == 255).sum() == rows * columns
    assert max(rows, columns) == size
    if fit == "pad":
        assert abs(rows / columns - height / width) <= max(1, height / width) / min(rows, columns)


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
def test_a_square_is_the_same_whatever_the_fit(fit):
    content = encoded(noise(30, 30), "PNG")
    assert np.array_equal(decode(content, size=12, fit=fit), decode(content, size=12))


def test_a_range_of_deep_grey_is_spread_and_what_lies_beyond_is_cut_off():
    content = encoded(np.array([[1000, 1050, 1101, 1150, 2000]], np.uint16))
    assert decode(content, grey_range=(1050, 1150))[0].tolist() == [[0, 0, 130, 255, 255]]
    assert decode(encoded(noise(4, 4, 1)), grey_range=(5, 6)).tolist() == [noise(4, 4, 1).tolist()]
