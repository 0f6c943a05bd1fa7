"""A short way to the pixels of small, plain JPEG files.

Before Pillow decodes a JPEG, it reads the header in Python, with all that may be in it. For a
image of 32×32 pixels that takes as long as decoding, on threads that wait for one another's
Python. A header that holds nothing but what decoding needs is read here in a few steps, and the
same decoder of Pillow is given the file. Everything else goes the usual way, damaged files too.
"""

from __future__ import annotations

from PIL import Image

MOST_BYTES = 1 << 16
"""Of a file; for larger ones, the header costs little beside the pixels."""

# Second bytes of markers (ITU-T T.81, table B.1, and JFIF 1.02).
START_OF_FRAME = (0xC0, 0xC1, 0xC2)  # baseline, extended, progressive; all with Huffman coding
HUFFMAN_TABLES, START_OF_SCAN, QUANTIZATION_TABLES, RESTART_INTERVAL, JFIF = (
    *(0xC4, 0xDA, 0xDB, 0xDD, 0xE0),
)


def open_plain_jpeg(content: bytes, size: int | None, max_pixels: int) -> Image.Image | None:
    """The decoded image; None for whatever is not a small, plain and whole JPEG file.

    A file with a camera's notes (EXIF), a colour profile, comments, or four channels isn't plain.

    Args:
        content: The bytes of any file.
        size: As `decode` has it: of an image of four times that or more, decoding is to leave
            pixels out, and that isn't done here.
        max_pixels: Not more than these.
    """
    if len(content) > MOST_BYTES or not content.startswith(b"\xff\xd8\xff"):
        return None
    try:
        frame = read_plain_frame(content)
        if frame is None:
            return None
        width, height, mode = frame
        too_many = width * height > max_pixels
        if too_many or (size is not None and min(width, height) >= 4 * size):
            return None
        return Image.frombytes(mode, (width, height), content, "jpeg", mode, "")
    except (IndexError, ValueError, OSError):  # damaged; the usual way says how
        return None


def read_plain_frame(content: bytes) -> tuple[int, int, str] | None:
    """Width, height and mode of a JPEG, if nothing is in its header that isn't plain.

    Raises:
        IndexError: The header is cut.
    """
    frame = None
    at = 2
    while content[at] == 0xFF:
        marker = content[at + 1]
        length = content[at + 2] << 8 | content[at + 3]
        part = content[at + 4 : at + 2 + length]
        at += 2 + length
        if marker in START_OF_FRAME and frame is None:
            mode = {1: "L", 3: "RGB"}.get(part[5])
            width, height = part[3] << 8 | part[4], part[1] << 8 | part[2]
            if part[0] != 8 or mode is None or not width * height:
                return None
            frame = (width, height, mode)
        elif marker == START_OF_SCAN:
            return frame
        elif not (
            marker in (HUFFMAN_TABLES, RESTART_INTERVAL)
            # Each table is 64 bytes behind its number; larger numbers announce 16 bits.
            or (marker == QUANTIZATION_TABLES and len(part) % 65 == 0 and max(part[::65]) < 16)
            or (marker == JFIF and len(part) >= 14 and part.startswith(b"JFIF\0"))
        ):
            return None
    return None
