"""What the names and first bytes of files tell: left behind by a system, an image, or neither."""

from __future__ import annotations

import unicodedata

IGNORED_TEXT = """
    __macosx thumbs.db ehthumbs.db desktop.ini picasa.ini @eadir @tmp @recycle @__thumb
    @recently-snapshot @snapshot #recycle #snapshot ~snapshot $recycle.bin lost+found __pycache__
"""
IGNORED = frozenset(IGNORED_TEXT.split()) | {"system volume information", "icon\r"}

# Some of them can't be read, but are somebody's images all the same: tried, the reason is told.
IMAGE_SUFFIXES_TEXT = """
    jpg jpeg jpe jfif jif png bmp dib gif webp ppm pgm pbm pnm tif tiff heic heif avif jxl jp2 dcm
    exr psd tga raw dng cr2 nef arw ico
"""
IMAGE_SUFFIXES = frozenset(IMAGE_SUFFIXES_TEXT.split())
OTHER_SUFFIXES_TEXT = """
    txt md rst pdf csv tsv json jsonl xml html htm yaml yml toml ini cfg log doc docx xls xlsx ppt
    pptx odt rtf tex bib py ipynb m mat r c cpp h js css sh bat exe dll zip tar gz tgz bz2 xz rar
    7z npy npz pkl pickle pt pth ckpt onnx safetensors h5 hdf5 parquet feather db sqlite mp4 avi
    mov mkv webm wav mp3 svg url lnk bak tmp part
"""
OTHER_SUFFIXES = frozenset(OTHER_SUFFIXES_TEXT.split())
IMAGE_STARTS = (b"\xff\xd8\xff", b"\x89PNG", b"BM", b"GIF8", b"RIFF", b"II*\0", b"MM\0*")


def is_ignored(name: str) -> bool:
    """Whether a file or folder is one that systems leave behind."""
    return name.startswith(".") or name.lower() in IGNORED


def make_printable(path: str) -> str:
    """`path` with what is no text in it spelled out: bytes of other systems, newlines."""
    return one_line(path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace"))


def one_line(text: str) -> str:
    """`text` with its control characters (newlines, terminal commands) spelled out."""
    if text.isprintable():
        return text
    return "".join(
        each.encode("unicode_escape").decode() if unicodedata.category(each) == "Cc" else each
        for each in text
    )


def may_be_image(file: str) -> bool | None:
    """Whether a file's suffix is that of images; None if it is neither that nor of other files."""
    name, dot, suffix = file.rpartition("/")[2].rpartition(".")
    suffix = suffix.casefold() if dot and name else ""
    return True if suffix in IMAGE_SUFFIXES else False if suffix in OTHER_SUFFIXES else None


def begins_as_image(content: bytes) -> bool:
    """Whether the first bytes of a file are those of an image."""
    is_pnm = content[:1] == b"P" and content[1:2] in b"123456" and content[2:3].isspace()
    return content.startswith(IMAGE_STARTS) or is_pnm
