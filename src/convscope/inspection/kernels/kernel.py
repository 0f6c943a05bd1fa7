"""Hand-made kernels: the gallery that every course shows, and kernels typed by a person."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from convscope.errors import UsageError, unknown_name

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
