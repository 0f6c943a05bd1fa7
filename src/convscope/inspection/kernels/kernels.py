"""Hand-made kernels on images: the gallery, kernels typed by a person, and what they give.

The arithmetic is `definitions.cross_correlation`, as in a convolution layer: the kernel is not
flipped. It takes 50 ms for a colour image of 512 × 512 and a 3×3 kernel.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convscope.data.decode import decode
from convscope.definitions.cross_correlation import cross_correlation_2d
from convscope.definitions.windows import output_size
from convscope.errors import UsageError, unknown_name

LARGEST = 400
"""Pixels on the longer side: as many as a figure has room for. More would be averaged there, and
what a kernel does from pixel to pixel with them."""

NUMBER = re.compile(r"[+-]?(\d{1,9}(\.\d{0,9})?|\.\d{1,9})(/\d{1,9})?", re.ASCII)
EXAMPLE = "'1 0 -1; 2 0 -2; 1 0 -1'"


@dataclass(frozen=True)
class Kernel:
    """A small matrix that is slid over an image.

    Attributes:
        name: As in "sobel-vertical"; what was typed, for a kernel that a person typed.
        rows: The numbers, row by row, before they are divided.
        divisor: All numbers are divided by this.
        effect: What it does to an image, in a few words.
    """

    name: str
    rows: tuple[tuple[float, ...], ...]
    divisor: int = 1
    effect: str = ""

    @property
    def weights(self) -> NDArray[np.float64]:
        """The numbers that are multiplied with pixels: (height, width)."""
        return np.array(self.rows) / self.divisor

    @property
    def is_difference(self) -> bool:
        """Whether the weights add up to 0, so that an even area gives 0."""
        return bool(abs(self.weights.sum()) <= 1e-9 * abs(self.weights).sum())

    @property
    def keeps_brightness(self) -> bool:
        """Whether the weights add up to 1, so that an even area stays as it is."""
        return bool(abs(self.weights.sum() - 1) < 1e-6)


def _ones(side: int) -> tuple[tuple[float, ...], ...]:
    return ((1.0,) * side,) * side


def _outer(column: tuple[int, ...], row: tuple[int, ...]) -> tuple[tuple[float, ...], ...]:
    """A separable kernel: every product of an entry of the column and one of the row."""
    return tuple(tuple(float(a * b) for b in row) for a in column)


_BINOMIAL = (1, 4, 6, 4, 1)  # nearly a Gaussian with a standard deviation of one pixel

GALLERY = {
    kernel.name: kernel
    for kernel in (
        Kernel("mean", _ones(5), 25, "blurs: the mean of 25 pixels"),
        Kernel("gaussian", _outer(_BINOMIAL, _BINOMIAL), 256, "blurs, near pixels count more"),
        Kernel("sharpen", ((0, -1, 0), (-1, 5, -1), (0, -1, 0)), 1, "lifts what differs from near"),
        Kernel("emboss", ((-2, -1, 0), (-1, 1, 1), (0, 1, 2)), 1, "lit from the upper left"),
        Kernel("laplace", ((0, 1, 0), (1, -4, 1), (0, 1, 0)), 1, "edges in every direction"),
        Kernel("horizontal-edges", _outer((-1, 0, 1), (1, 1, 1)), 1, "below minus above"),
        Kernel("vertical-edges", _outer((1, 1, 1), (-1, 0, 1)), 1, "right minus left"),
        Kernel("sobel-horizontal", _outer((-1, 0, 1), (1, 2, 1)), 1, "below minus above, smoother"),
        Kernel("sobel-vertical", _outer((1, 2, 1), (-1, 0, 1)), 1, "right minus left, smoother"),
    )
}
"""Kernels that every course shows, by name."""


@dataclass(frozen=True)
class Filtered:
    """What a kernel makes of an image.

    Attributes:
        kernel: The kernel.
        values: float64 (C, height, width), not rounded or clipped. C is 1 where the kernel takes
            differences: they are taken of the grey image.
        formula: How height and width of the output follow, one line for each.
    """

    kernel: Kernel
    values: NDArray[np.float64]
    formula: tuple[str, str]


def open_image(path: str | Path) -> tuple[NDArray[np.uint8], str]:
    """An image to slide kernels over, and a note if it was made smaller.

    Returns:
        uint8 (C, H, W), no side longer than `LARGEST`; the note is empty if nothing was changed.

    Raises:
        ConvscopeError: The file is not an image that can be read.
    """
    image = decode(path)
    height, width = image.shape[1:]
    longest = max(height, width)
    if longest <= LARGEST:
        return image, ""
    size = (max(1, width * LARGEST // longest), max(1, height * LARGEST // longest))
    channels = [np.asarray(Image.fromarray(c).resize(size, Image.Resampling.BOX)) for c in image]
    note = (
        f"The image of {height} × {width} pixels was first made {size[1]} × {size[0]}, so that "
        "what a small kernel does can be seen."
    )
    return np.stack(channels), note


def find_kernel(text: str) -> Kernel:
    """The kernel of that name, or the one that is written out.

    Args:
        text: A name in `GALLERY`, or numbers, such as "1 0 -1; 2 0 -2; 1 0 -1": rows end with
            semicolons, numbers with spaces or commas, and fractions like 1/9 are numbers too.

    Raises:
        UsageError: There is no kernel of this name, or the numbers are no matrix.
    """
    text = text.strip()
    if text[:1].isalpha():
        if text.lower() not in GALLERY:
            raise unknown_name("kernel", text, GALLERY)
        return GALLERY[text.lower()]
    if not text.strip(";, "):
        raise UsageError(
            f"No kernel given. Write one, as in {EXAMPLE}, or name one of: {_names()}."
        )
    rows = [row.replace(",", " ").split() for row in text.rstrip("; ").split(";")]
    for number, row in enumerate(rows, start=1):
        if len(row) != len(rows[0]) or not row:
            raise UsageError(
                f"The kernel {text!r} is no matrix: row 1 has {len(rows[0])} numbers and row "
                f"{number} has {len(row)}. Write rows of the same length, as in {EXAMPLE}."
            )
    numbers = tuple(tuple(_number(word, text) for word in row) for row in rows)
    if not any(any(row) for row in numbers):
        raise UsageError(f"The kernel {text!r} holds only zeros, so it would give only zeros.")
    return Kernel(text, numbers)


def apply(
    image: NDArray[np.uint8],
    kernel: Kernel,
    *,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    mode: str = "zeros",
) -> Filtered:
    """Slide a kernel over an image, over every channel by itself.

    Args:
        image: uint8 (C, H, W).
        kernel: What to slide. One that takes differences slides over the grey image.
        stride: Pixels from one output to the next.
        padding: Pixels added on each side.
        dilation: Pixels from one entry of the kernel to the next.
        mode: What is added: "zeros", "reflect", "replicate" or "circular".

    Raises:
        UsageError: A setting is not accepted, or the kernel is larger than the padded image.
    """
    for name, value, least in (
        ("stride", stride, 1),
        ("padding", padding, 0),
        ("dilation", dilation, 1),
    ):
        if value < least:
            raise UsageError(f"{name} must be a whole number of at least {least}; given {value}.")
    if kernel.is_difference and len(image) == 3:
        image = np.asarray(Image.fromarray(image.transpose(1, 2, 0)).convert("L"))[None]
    channels, *sides = image.shape
    _check_fits(kernel, sides, padding, dilation)
    each = np.repeat(kernel.weights[None, None], channels, axis=0)  # (C, 1, height, width)
    values = cross_correlation_2d(
        image[None], each, stride=stride, padding=padding, padding_mode=mode,
        dilation=dilation, groups=channels,
    )[0]  # fmt: skip
    formula = [
        _formula(n, k, padding, stride, dilation)
        for n, k in zip(sides, kernel.weights.shape, strict=True)
    ]
    return Filtered(kernel, values, (f"height {formula[0]}", f"width {formula[1]}"))


def _number(word: str, text: str) -> float:
    if NUMBER.fullmatch(word):  # Fraction would take "1e999999999" as well, and compute for hours
        with suppress(ZeroDivisionError):
            return float(Fraction(word))
    raise UsageError(
        f"The kernel {text!r} holds {word!r}, which is no number. Write spaces between numbers and "
        f"semicolons between rows, as in {EXAMPLE}, or name one of: {_names()}."
    )


def _names() -> str:
    return ", ".join(GALLERY)


def _check_fits(kernel: Kernel, sides: list[int], padding: int, dilation: int) -> None:
    spans = [dilation * (k - 1) + 1 for k in kernel.weights.shape]
    if any(span > side + 2 * padding for span, side in zip(spans, sides, strict=True)):
        apart = f" (spread to {spans[0]} × {spans[1]} by dilation {dilation})" * (dilation > 1)
        raise UsageError(
            f"The kernel of {' × '.join(map(str, kernel.weights.shape))}{apart} is larger than the "
            f"image of {sides[0]} × {sides[1]} pixels with {padding} of padding on each side. "
            "Use a larger image, more padding or a smaller kernel."
        )


def _formula(n: int, k: int, padding: int, stride: int, dilation: int) -> str:
    """⌊(n − k + p + s) / s⌋ with the numbers put in, and its value."""
    span = dilation * (k - 1) + 1
    out = output_size(n, k, total_padding=2 * padding, stride=stride, dilation=dilation)
    return f"⌊({n} − {span} + {2 * padding} + {stride}) / {stride}⌋ = {out}"
