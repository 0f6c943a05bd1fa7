"""One image file to one array: the only place where Convscope decodes images.

The rules, for every file:

* **Formats**: JPEG, PNG, BMP, GIF, WEBP, PPM and TIFF, told by content and not by name. No other
  decoder is ever entered. A file of more than `MAX_BYTES`, or whose header promises more than
  `MAX_PIXELS`, is refused before decoding. Damaged and cut files are refused.
* **Upright**: the EXIF orientation is applied. Of an animation, the first frame counts.
* **Transparency** (alpha, palette or colour key): laid on white.
* **Grey**: 1-bit, 8-bit and 16-bit grey, and floating point. 16-bit values are divided by 257
  (65535 becomes 255), unless a range is given: its ends become 0 and 255, and what lies beyond is
  cut off (`grey_range` finds the range of a data set). A range counts for floating-point values
  and others of more than 16 bits, too; without one, floating-point values mean [0, 1], or [0, 255]
  if one of them is above 8, and other values are refused.
* **Colour**: palettes, CMYK (in JPEG inverted, as Adobe writes it) and YCbCr become RGB. A palette
  counts as colour. 16-bit colour keeps the upper 8 bits.
* **Channels**: grey becomes colour by repeating; colour becomes grey by ITU-R 601 luma,
  0.299 R + 0.587 G + 0.114 B.
* **Size**: with `fit="crop"` the largest centred square, resized with an antialiased bilinear
  filter; that is the shorter side to `size` and a centre crop. With "pad", the longer side is
  resized to `size`, and what is missing beside is black; with "stretch", each side is.
"""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import PIL
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from convscope.data.decode_room import SMALL_PIXELS, room_to_decode, strips
from convscope.data.plain_jpeg import open_plain_jpeg
from convscope.data.portable_header import has_long_header
from convscope.data.reading import FULL_RANGE, Fit, GreyRange
from convscope.data.upright import turn_upright
from convscope.errors import ConvscopeError

VERSION = f"3, Pillow {PIL.__version__}"
"""Changes when the same file may decode to other values."""

FORMATS = ("JPEG", "PNG", "BMP", "GIF", "WEBP", "PPM", "TIFF")
MAX_BYTES = 256 << 20
MAX_PIXELS = 89_478_485  # Pillow's own limit: 256 MiB as 24-bit colour
NEARLY_BLACK = 8
"""A floating-point image of which no value is above this isn't one of 0 to 255."""
GREY_MODES = {"1", "L", "LA", "La", "I", "F", "I;16", "I;16L", "I;16B", "I;16N"}


class ImageError(ConvscopeError):
    """A file is not an image that can be used.

    Attributes:
        reason: Why, without the file's name.
    """

    def __init__(self, reason: str, path: str | Path | None = None) -> None:
        super().__init__(reason if path is None else f"{path}: {reason}")
        self.reason = reason


def decode(
    source: str | Path | bytes,
    *,
    size: int | None = None,
    channels: int | None = None,
    max_pixels: int = MAX_PIXELS,
    fit: Fit = "crop",
    grey_range: GreyRange = FULL_RANGE,
) -> NDArray[np.uint8]:
    """Decode one image by the rules above.

    Args:
        source: A file, or its content.
        size: Height and width of the result; None keeps the image's own.
        channels: 1 or 3; None: 1 for a grey image, else 3.
        max_pixels: An image whose header promises more is refused; at most `MAX_PIXELS`.
        fit: How an image that isn't square becomes square, where `size` is given.
        grey_range: The values of 16-bit grey that become 0 and 255.

    Returns:
        uint8 (C, H, W).

    Raises:
        ImageError: The file cannot be used; `reason` says why.
    """
    path = None if isinstance(source, bytes) else source
    try:
        content = source if isinstance(source, bytes) else read_limited(source)
        plain = open_plain_jpeg(content, size, min(max_pixels, SMALL_PIXELS))
        with plain or _open(content, max_pixels) as image:
            pixels = image.width * image.height
            if size is not None:
                # A JPEG can be decoded at 1/2, 1/4 or 1/8. Twice the size is left for the filter.
                image.draft(None, (2 * size, 2 * size))
            if "progressive" not in image.info:  # else all of it is held
                pixels = image.width * image.height
            with room_to_decode(pixels, _bytes_per_pixel(image.format, size)):
                return _to_array(image, size, channels, fit, grey_range)
    except ImageError as error:
        raise ImageError(error.reason, path) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        reason = f"too many pixels: more than the limit of {max_pixels:,}"
        raise ImageError(reason, path) from error
    except Exception as error:  # a decoder can fail in any way when it is given damaged data
        raise ImageError(f"damaged: {error or type(error).__name__}", path) from error


def _bytes_per_pixel(kind: str | None, size: int | None) -> int:
    """Most memory that decoding takes, as measured over formats and modes."""
    return (9 if size is not None else 14) + (8 if kind == "WEBP" else 0)


def read_size(content: bytes) -> tuple[int, int]:
    """Height and width of an image that can be decoded, as its header gives them."""
    with _open(content) as image:
        return image.height, image.width


def is_colour(content: bytes) -> bool:
    """Whether an image's header says that it has colour; False for what is not an image."""
    try:
        with _open(content) as image:
            return image.mode not in GREY_MODES
    except Exception:  # what is wrong with the file is told when it is decoded
        return False


def read_limited(path: str | Path) -> bytes:
    """The content of a regular file of at most `MAX_BYTES`; else a `ImageError`."""
    try:
        # Without objects in between: for small images, they took a fifth of the time.
        found = os.stat(path)  # noqa: PTH116
        if not stat.S_ISREG(found.st_mode):  # also keeps us from waiting for ever on a named pipe
            raise ImageError("not a file")
        if found.st_size > MAX_BYTES:
            raise ImageError(f"larger than {MAX_BYTES >> 20} MiB")
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        raise ImageError("there is no such file") from None
    except (OSError, ValueError) as error:  # ValueError: a name with a zero byte
        reason = getattr(error, "strerror", None) or str(error)
        raise ImageError(f"cannot be read: {reason}") from error


def _open(content: bytes, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """Read the header only, and refuse what should not be decoded."""
    if not content:
        raise ImageError("the file is empty")
    if has_long_header(content):
        raise ImageError("damaged: its header is longer than any image needs")
    try:
        image = Image.open(io.BytesIO(content), formats=FORMATS)
    except UnidentifiedImageError as error:
        start = str(content[:16])[1:]  # in quotes, with \x.. for what is no text
        raise ImageError(
            f"not a readable {', '.join(FORMATS[:-1])} or {FORMATS[-1]} image "
            f"(the file begins with {start})"
        ) from error
    width, height = image.size
    if width * height > max_pixels:
        raise ImageError(
            f"too many pixels: {width} × {height} is more than the limit of {max_pixels:,}"
        )
    return image


def _to_array(
    image: Image.Image, size: int | None, channels: int | None, fit: Fit, grey_range: GreyRange
) -> NDArray[np.uint8]:
    image = _in_place_of(image, turn_upright(image))
    wanted = channels or (1 if image.mode in GREY_MODES else 3)
    image = _in_place_of(image, _flatten(image, grey_range))
    # Grey becomes colour last, by repeating, as that takes four times the memory.
    mode = "L" if wanted == 1 or image.mode in ("1", "L") else "RGB"
    if image.mode != mode:  # each of these steps would copy the image
        image = _in_place_of(image, image.convert(mode))
    if size is not None and image.size != (size, size):
        image = _make_square(image, size, fit)
    array = np.asarray(image if wanted == 1 else image.convert("RGB"))  # (H, W) or (H, W, 3)
    return np.array(array[None] if wanted == 1 else array.transpose(2, 0, 1), order="C")


def _in_place_of(old: Image.Image, new: Image.Image) -> Image.Image:
    """The new image; the old one gives its memory back."""
    if new is not old:
        old.close()
    return new


def _make_square(image: Image.Image, size: int, fit: Fit) -> Image.Image:
    if fit == "crop":
        side = min(image.size)
        left, top = (image.width - side) // 2, (image.height - side) // 2
        image = _in_place_of(image, image.crop((left, top, left + side, top + side)))
        return image.resize((size, size), Image.Resampling.BILINEAR)
    width, height = (
        (size, size) if fit == "stretch" else fit_extents(image.width, image.height, size)
    )
    # Across and then down: which comes first would else depend on Pillow's version and the shape,
    # and an exported model does it in this order.
    image = image.resize((width, image.height), Image.Resampling.BILINEAR)
    image = image.resize((width, height), Image.Resampling.BILINEAR)
    if fit == "stretch":
        return image
    square = Image.new(image.mode, (size, size))  # black
    square.paste(image, ((size - width) // 2, (size - height) // 2))
    return square


def fit_extents(width: int, height: int, size: int) -> tuple[int, int]:
    """Width and height of an image whose longer side was resized to `size`, rounded, 1 at least."""
    longest = max(width, height)
    return (
        max(1, (2 * width * size + longest) // (2 * longest)),
        max(1, (2 * height * size + longest) // (2 * longest)),
    )


def _flatten(image: Image.Image, grey_range: GreyRange) -> Image.Image:
    """The image as 8-bit grey or colour, on white where it is transparent."""
    if image.mode == "F" or is_deep(image):
        return _to_eight_bits(image, grey_range)
    if image.has_transparency_data:
        flat = Image.new("RGB", image.size)
        for top, strip in strips(image):
            layer = strip.convert("RGBA")
            white = Image.new("RGBA", layer.size, "white")
            flat.paste(Image.alpha_composite(white, layer).convert("RGB"), (0, top))
        return flat
    return image


def is_deep(image: Image.Image) -> bool:
    """Whether an image holds grey values of more than 8 bits."""
    return image.mode == "I" or image.mode.startswith("I;16")


def read_deep_values(content: bytes) -> NDArray[Any] | None:
    """The values (H, W) of a file of more than 8 bits of grey as they are; None for any other.

    Raises:
        ImageError: The file is damaged.
    """
    if not content.startswith((b"\x89PNG", b"II*\0", b"MM\0*", b"P2", b"P5", b"Pf")):
        return None
    try:
        with _open(content) as image:
            return np.asarray(image) if image.mode == "F" or is_deep(image) else None
    except ImageError:
        raise
    except Exception as error:  # as in `decode`
        raise ImageError(f"damaged: {error or type(error).__name__}") from error


def _to_eight_bits(image: Image.Image, grey_range: GreyRange) -> Image.Image:
    """Deep grey values as 0 to 255."""
    first, last = grey_range if grey_range != FULL_RANGE else _usual_range(image)
    flat = Image.new("L", image.size)
    for top, values in _values(image):
        if not np.isfinite(values).all():
            raise ImageError("grey values that are no numbers (NaN or infinity)")
        levels = (values - first) * (255 / (last - first))
        flat.paste(Image.fromarray(np.rint(levels.clip(0, 255)).astype(np.uint8)), (0, top))
    return flat


def _usual_range(image: Image.Image) -> GreyRange:
    """What a file's own values mean, where no range is given."""
    ends = [(values.min(), values.max()) for _, values in _values(image)]
    # NaN is the least and the greatest of whatever it is among.
    low, high = float(np.min(ends)), float(np.max(ends))
    is_float = image.mode == "F"
    limit = 255.0 if is_float else FULL_RANGE[1]
    if not (low >= 0 and high <= limit):  # false for NaN as well
        raise ImageError(f"grey values from {low:g} to {high:g} are not within 0 to {limit:g}")
    if is_float and 1 < high <= NEARLY_BLACK:
        raise ImageError(
            f"floating-point grey values up to {high:g}: neither 0 to 1, nor 0 to 255, where they "
            "would be black; save them in one of these ranges"
        )
    return (0.0, 1.0 if high <= 1 else 255.0) if is_float else FULL_RANGE


def _values(image: Image.Image) -> Iterator[tuple[int, NDArray[np.float64]]]:
    for top, strip in strips(image):
        yield top, np.asarray(strip).astype(np.float64)
