"""Long comments in the headers of portable images."""

import pytest

from convscope.data.decode import ImageError, decode
from convscope.data.portable_header import MOST_BYTES, has_long_header

PIXELS = b"\x10" * (200 * 200 * 3)


@pytest.mark.parametrize("comment", [b"", b"# made by hand\n", b"#" + b"x" * 60_000 + b"\n"])
def test_usual_headers(comment):
    content = b"P6\n" + comment + b"200 200\n" + b"255\n" + PIXELS
    assert len(content) > MOST_BYTES
    assert decode(content).shape == (3, 200, 200)


@pytest.mark.parametrize(
    "content",
    [
        b"P6\n#" + b"x" * MOST_BYTES + b"\n8 8 255\n" + PIXELS,
        b"P5 8 8\n" + b"#\n" * MOST_BYTES + b"255\n" + PIXELS,
        b"P4 8\n" + b" " * MOST_BYTES + b"8\n" + PIXELS,
    ],
)
def test_headers_that_do_not_end(content):
    with pytest.raises(ImageError, match=r"^damaged: its header is longer than any image needs$"):
        decode(content)


def test_bitmaps_have_two_numbers_and_other_files_any():
    assert not has_long_header(b"P4\n200 200\n" + b"\0" * (200 * 200))
    assert not has_long_header(b"PK\3\4" + b"#" * 2 * MOST_BYTES)
