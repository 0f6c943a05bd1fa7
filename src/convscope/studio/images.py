"""The images of all views: small drawn ones, digits, photographs, and files that people bring."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convscope.data.decode import decode
from convscope.experiments.photographs import NAMES as PHOTOGRAPHS
from convscope.experiments.photographs import photograph
from convscope.studio.numbers import send_array
from convscope.studio.refusals import refuse

SIDES = (16, 24, 32, 48, 64, 96)
"""Heights and widths that photographs and files are made."""
PIXELS = 50_000_000
"""Most pixels of a file, as its header promises."""


def _edge() -> NDArray[np.uint8]:
    image = np.zeros((8, 8), np.uint8)
    image[:, 4:] = 1
    return image


def _square() -> NDArray[np.uint8]:
    image = np.zeros((10, 10), np.uint8)
    image[3:7, 3:7] = 1
    return image


def _dot() -> NDArray[np.uint8]:
    image = np.zeros((9, 9), np.uint8)
    image[4, 4] = 1
    return image


def _ramp() -> NDArray[np.uint8]:
    return np.asarray(np.indices((8, 10))[1], np.uint8)


def _checkerboard() -> NDArray[np.uint8]:
    return np.asarray(np.indices((8, 8)).sum(axis=0) % 2, np.uint8)


def _letter() -> NDArray[np.uint8]:
    """An F, which no turn and no mirror leaves as it is."""
    rows = ("........", ".11111..", ".1......", ".1111...", ".1......", ".1......", ".1......")
    return np.array([[character == "1" for character in (*row, ".")] for row in (*rows, "." * 8)],
                    np.uint8)  # fmt: skip


DRAWN = {
    "letter": (_letter, 1),
    "edge": (_edge, 1),
    "square": (_square, 1),
    "dot": (_dot, 1),
    "ramp": (_ramp, 9),
    "checkerboard": (_checkerboard, 1),
}
"""Each with its largest value, so that its numbers are small and whole."""
DIGITS = tuple(f"digit-{number}" for number in range(10))


def image_names() -> list[str]:
    """The names of all images that are there, in the order in which they are offered."""
    return [*DRAWN, *DIGITS, *PHOTOGRAPHS]


@functools.lru_cache(maxsize=64)
def built_in(name: str, side: int, colour: bool) -> dict[str, Any]:
    """An image by its name, as JSON holds it.

    Args:
        name: One of `image_names`.
        side: Height and width of a photograph, one of `SIDES`; the others have their own.
        colour: Whether a photograph keeps its three channels.

    Raises:
        Refused: There is no such image.
    """
    if name in DRAWN:
        draw, top = DRAWN[name]
        return _sent(draw()[None], top)
    if name in DIGITS:
        return _sent(_digit(DIGITS.index(name))[None], 16)
    if name in PHOTOGRAPHS:
        return _sent(_in_grey(photograph(name, _side(side)), colour), 255)
    raise refuse("refused.bench.image_name", name=name)


def brought(content: bytes, side: int, colour: bool) -> dict[str, Any]:
    """An image that a person brings, cut to a square and made small.

    Raises:
        ImageError: It can't be read.
    """
    image = decode(content, size=_side(side), max_pixels=PIXELS, channels=3)
    return _sent(_in_grey(image, colour), 255)


def _sent(image: NDArray[np.uint8], top: int) -> dict[str, Any]:
    return {"image": send_array(image), "top": top}


def _side(side: int) -> int:
    if side not in SIDES:
        raise refuse("refused.bench.side", given=side, sides=", ".join(map(str, SIDES)))
    return side


def _in_grey(image: NDArray[np.uint8], colour: bool) -> NDArray[np.uint8]:
    """The image with its three channels, or its brightness alone, (1, height, width)."""
    if colour:
        return image
    return np.asarray(Image.fromarray(image.transpose(1, 2, 0)).convert("L"))[None]


def _digit(number: int) -> NDArray[np.uint8]:
    """The first image of a digit in scikit-learn's set, with its own values from 0 to 16."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    first = int(np.flatnonzero(digits.target == number)[0])
    return np.asarray(digits.images[first], np.uint8)
