"""Two photographs that are on every machine: scikit-learn brings them along."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convscope.errors import UsageError, unknown_name

NAMES = ("china", "flower")
SIDES = (427, 640)  # height and width of both


def photograph(name: str = "china", side: int = 200) -> NDArray[np.uint8]:
    """Give a photograph, cut to a square and made smaller.

    "china" is a pavilion with straight edges in all directions, "flower" has soft ones. They are
    sample images of scikit-learn (`sklearn.datasets.load_sample_images`), under CC BY.

    Args:
        name: "china" or "flower".
        side: Height and width in pixels, at most 427.

    Returns:
        uint8 (3, side, side).

    Raises:
        UsageError: There is no such photograph, or it isn't as large as that.
    """
    from sklearn.datasets import load_sample_image

    if name not in NAMES:
        raise unknown_name("photograph", name, NAMES)
    if not 1 <= side <= SIDES[0]:
        raise UsageError(f"side must be from 1 to {SIDES[0]} pixels; given {side}.")
    left = (SIDES[1] - SIDES[0]) // 2
    square = load_sample_image(f"{name}.jpg")[:, left : left + SIDES[0]]
    small = Image.fromarray(square).resize((side, side), Image.Resampling.BOX)
    return np.ascontiguousarray(np.asarray(small).transpose(2, 0, 1))


def load_photograph(width: int = 96) -> NDArray[np.uint8]:
    """Load the whole photograph "china", made smaller.

    Args:
        width: Of the result in pixels, at most 640; the height is two thirds of it.

    Returns:
        uint8 (3, height, width): red, green, blue.
    """
    from sklearn.datasets import load_sample_image

    image = Image.fromarray(load_sample_image("china.jpg"))
    small = image.resize((width, round(width * 2 / 3)), Image.Resampling.LANCZOS)
    return np.ascontiguousarray(np.asarray(small).transpose(2, 0, 1))
