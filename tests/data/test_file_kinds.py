import io

import numpy as np
import pytest
from PIL import Image

from convscope.data.decode import FORMATS
from convscope.data.file_kinds import begins_as_image, is_ignored, make_printable, may_be_image


@pytest.mark.parametrize(
    "name",
    ["@eaDir", ".thumbnails", "__MACOSX", "#recycle", "Thumbs.db", "._x.jpg", "$RECYCLE.BIN",
     "System Volume Information", ".DS_Store", "@Recycle", "#snapshot", "lost+found"],
)  # fmt: skip
def test_what_systems_leave_behind(name):
    assert is_ignored(name)


@pytest.mark.parametrize("name", ["cats", "icon", "thumbs", "recycle", "#1", "@home", "snapshot"])
def test_what_people_name(name):
    assert not is_ignored(name)


@pytest.mark.parametrize(
    ("file", "expected"),
    [("a/1.JPG", True), ("x.Tiff", True), ("a.b/1", None), ("a/read.me", None), ("x.txt", False),
     ("a.png/notes.csv", False), (".png", None), ("1.heic", True)],
)  # fmt: skip
def test_suffixes(file, expected):
    assert may_be_image(file) is expected


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_begins_as_an_image(kind):
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(buffer, kind)
    assert begins_as_image(buffer.getvalue())


@pytest.mark.parametrize("content", [b"", b"P", b"<html>", b"Path", b"PK\x03\x04", b"\x00" * 20])
def test_other_content(content):
    assert not begins_as_image(content)


def test_printable_spells_out_what_is_no_text():
    assert make_printable("a/\udcff.png") == "a/\\xff.png"


def test_control_characters_are_spelled_out():
    assert make_printable("a\nb/\x1b[31m猫 é") == "a\\nb/\\x1b[31m猫 é"
