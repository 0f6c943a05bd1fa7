"""The short way must show the same pixels as the usual way, and refuse the same files."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from convscope.data import decode as decode_module
from convscope.data.decode import MAX_PIXELS, ImageError, decode
from convscope.data.plain_jpeg import open_plain_jpeg
from tests.data.image_files import encoded, noise


def usual(content, **options):
    """What Pillow's own way gives, array or reason."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decode_module, "open_plain_jpeg", lambda *_: None)
        return tried(content, **options)


def tried(content, **options):
    try:
        return decode(content, **options)
    except ImageError as error:
        return error.reason


def same(one, other):
    if isinstance(one, str) or isinstance(other, str):
        return isinstance(one, str) and isinstance(other, str) and one == other
    return np.array_equal(one, other)


def is_plain(content, size=None):
    return open_plain_jpeg(content, size, MAX_PIXELS) is not None


options = st.fixed_dictionaries(
    {"quality": st.integers(1, 100), "progressive": st.booleans(), "optimize": st.booleans()},
    optional={
        "subsampling": st.sampled_from([0, 1, 2]),
        "restart_marker_blocks": st.integers(1, 5),
        "dpi": st.just((72, 72)),
    },
)


@given(
    height=st.integers(1, 70),
    width=st.integers(1, 70),
    channels=st.sampled_from([1, 3]),
    options=options,
    size=st.sampled_from([None, 8, 16, 32]),
    wanted=st.sampled_from([None, 1, 3]),
)
def test_same_pixels(height, width, channels, options, size, wanted):
    content = encoded(noise(height, width, channels), "JPEG", **options)
    assert is_plain(content, size) == (size is None or min(height, width) < 4 * size)
    assert same(
        decode(content, size=size, channels=wanted), usual(content, size=size, channels=wanted)
    )


PLAIN = [
    encoded(noise(20, 24), "JPEG", quality=50),
    encoded(noise(20, 24, 1), "JPEG", progressive=True),
]


@given(
    content=st.sampled_from(PLAIN),
    place=st.floats(0, 0.999),
    byte=st.integers(0, 255),
    # The header is where files are told apart, so half of the changes are there.
    within=st.sampled_from([1.0, 0.3]),
)
def test_changed_files_are_the_same_or_refused_for_the_same_reason(content, place, byte, within):
    at = int(place * within * len(content))
    changed = content[:at] + bytes([byte]) + content[at + 1 :]
    assert same(tried(changed), usual(changed))


@given(content=st.sampled_from(PLAIN), place=st.floats(0, 1))
def test_cut_files_are_refused_for_the_same_reason(content, place):
    cut = content[: int(place * len(content))]
    assert same(tried(cut), usual(cut))


def test_cut_inside_the_pixels_is_damaged():
    assert not is_plain(PLAIN[0][:-40])
    with pytest.raises(ImageError, match="damaged"):
        decode(PLAIN[0][:-40])


@pytest.mark.parametrize(
    "options",
    [{"exif": Image.Exif()}, {"comment": "hello"}, {"icc_profile": b"x" * 200}, {"xmp": b"<x/>"}],
)
def test_more_in_the_header_is_not_plain(options):
    if "exif" in options:
        options["exif"][274] = 6
    content = encoded(noise(20, 24), "JPEG", **options)
    assert not is_plain(content)
    assert same(tried(content), usual(content))


def test_other_files_are_not_plain():
    assert not is_plain(b"")
    assert not is_plain(b"\xff\xd8\xff")
    assert not is_plain(encoded(noise(8, 8)))
    assert not is_plain(encoded(Image.fromarray(noise(8, 8)).convert("CMYK"), "JPEG"))
    assert not is_plain(encoded(noise(300, 300), "JPEG", quality=100))  # too large a file


def test_pixels_are_limited_by_the_header():
    buffer = io.BytesIO()
    Image.new("L", (2000, 2000)).save(buffer, "JPEG")
    assert open_plain_jpeg(buffer.getvalue(), None, 3_999_999) is None
    with pytest.raises(ImageError, match="too many pixels: 2000 × 2000"):
        decode(buffer.getvalue(), max_pixels=3_999_999)
