"""Small images that are drawn, not photographed: edges, stripes, noise."""

from __future__ import annotations

import numpy as np

from convscope.definitions.arrays import FloatArray
from convscope.errors import UsageError, unknown_name

DIRECTIONS = ("vertical", "horizontal", "falling", "rising")


def edge_image(height: int = 6, width: int = 8, start: int = 2, stop: int = 6) -> FloatArray:
    """White (1), with a black (0) band from column `start` up to, not including, `stop`.

    Returns:
        (height, width); by default the textbook's 6 × 8 with columns 2 to 5 black.
    """
    image = np.ones((height, width))
    image[:, start:stop] = 0
    return image


def striped_images(direction: str, count: int = 4, side: int = 20, seed: int = 0) -> FloatArray:
    """Random stripes from edge to edge, all in one direction.

    Args:
        direction: "vertical" (each column has one grey), "horizontal" (each row), "falling" (each
            line from the upper left to the lower right) or "rising".
        count: Images.
        side: Height and width.
        seed: Of the greys.

    Returns:
        (count, side, side), greys from 0 to 1.

    Raises:
        UsageError: There is no such direction.
    """
    if count < 1 or side < 1:
        raise UsageError(f"count and side must be at least 1; got {count} and {side}.")
    greys = np.random.default_rng(seed).random((count, 2 * side - 1))
    row, column = np.indices((side, side))
    lines = {
        "vertical": column,
        "horizontal": row,
        "falling": column - row + side - 1,
        "rising": column + row,
    }
    if direction not in lines:
        raise unknown_name("direction", direction, DIRECTIONS)
    return np.asarray(greys[:, lines[direction]])


def noise_images(count: int = 4, side: int = 20, seed: int = 0) -> FloatArray:
    """Every pixel its own random grey, from 0 to 1: (count, side, side)."""
    return np.random.default_rng(seed).random((count, side, side))
