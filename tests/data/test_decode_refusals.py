"""Which files `decode` refuses, and in which words."""

import struct
import time
import tracemalloc
import zlib

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from convscope.data import decode as module
from convscope.data.decode import FORMATS, ImageError, decode
from convscope.errors import ConvscopeError
from tests.data.image_files import SAVED, encoded, noise, plain


def test_a_path_is_named_and_the_reason_is_kept(tmp_path):
    path = tmp_path / "cat.jpg"
    path.write_bytes(b"<!DOCTYPE html><html>")
    with pytest.raises(ImageError) as caught:
        decode(path)
    assert str(caught.value).startswith(f"{path}: not a readable JPEG, PNG, BMP, GIF, WEBP, PPM or")
    assert caught.value.reason.endswith("(the file begins with '<!DOCTYPE html><')")
    assert isinstance(caught.value, ConvscopeError)


def test_files_that_are_not_there_or_not_files(tmp_path):
    with pytest.raises(ImageError, match="there is no such file"):
        decode(tmp_path / "nothing.png")
    with pytest.raises(ImageError, match="not a file"):
        decode(tmp_path)


def test_empty_and_oversized_files(tmp_path, monkeypatch):
    with pytest.raises(ImageError, match="the file is empty"):
        decode(b"")
    monkeypatch.setattr(module, "MAX_BYTES", 1 << 20)
    big = tmp_path / "big.png"
    big.write_bytes(b"\0" * ((1 << 20) + 1))
    with pytest.raises(ImageError, match="larger than 1 MiB"):
        decode(big)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("part", range(1, 10))
def test_cut_files_are_refused(kind, part):
    content = encoded(noise(32, 32), kind, **SAVED[kind])
    with pytest.raises(ImageError):
        decode(content[: len(content) * part // 10])


@pytest.mark.parametrize(
    "content",
    [
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        b"%PDF-1.7\n",
        b"8BPS\0\1\0\0\0\0\0\0\0\3\0\0\0\1\0\0\0\1\0\x08\0\3",
        b"SIMPLE  =                    T" + b" " * 50,
        b"\0\0\0\x0cjP  \r\n\x87\n\0\0\0\x14ftypjp2 ",
        b"\0\0\1\0\1\0\1\1\0\0\1\0\x18\0\x30\0\0\0\x16\0\0\0",
    ],
    ids=["EPS", "PDF", "PSD", "FITS", "JPEG2000", "ICO"],
)
def test_other_formats_never_reach_a_decoder(content, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")  # no Ghostscript either
    path = tmp_path / "image.jpg"
    path.write_bytes(content)
    with pytest.raises(ImageError, match="not a readable JPEG"):
        decode(path)


def png_header(width, height):
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + header + struct.pack(">I", zlib.crc32(b"IHDR" + header))
        + b"\0\0\0\0IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))
    )  # fmt: skip


@pytest.mark.parametrize(
    ("content", "size"),
    [
        (png_header(50_000, 50_000), "50000|pixels"),
        (png_header(10_000, 10_000), "10000|pixels"),
        (b"GIF89a\xff\xff\xff\xff\0\0\0,\0\0\0\0\xff\xff\xff\xff\0\x02\0;", "65535|pixels"),
        (b"P6 40000 40000 255\n", "40000|pixels"),
    ],
    ids=["PNG", "PNG below Pillow's own error", "GIF", "PPM"],
)
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_bombs_are_refused_from_the_header(content, size):
    tracemalloc.start()
    began = time.thread_time()
    with pytest.raises(ImageError, match="too many pixels") as caught:
        decode(content)
    assert time.thread_time() - began < 0.3
    assert tracemalloc.get_traced_memory()[1] < 5e6
    tracemalloc.stop()
    assert any(word in str(caught.value) for word in size.split("|"))


def test_text_bombs_are_refused():
    image = Image.new("L", (4, 4))
    info = PngInfo()
    info.add_text("comment", "x" * (3 << 20), zip=True)
    with pytest.raises(ImageError, match="damaged"):
        decode(encoded(image, pnginfo=info))


def test_a_file_that_may_not_be_read(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    (tmp_path / "x.png").write_bytes(plain("red"))
    monkeypatch.setattr("convscope.data.decode.open", refuse, raising=False)
    with pytest.raises(ImageError, match=r"x\.png: cannot be read: Permission denied"):
        decode(tmp_path / "x.png")


@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
def test_thousands_of_frames_cost_no_more_than_one(kind):
    frames = [Image.new("L", (16, 16), shade % 256).convert("RGB") for shade in range(2000)]
    content = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
    began = time.thread_time()
    assert decode(content).shape[1:] == (16, 16)
    assert time.thread_time() - began < 0.3
