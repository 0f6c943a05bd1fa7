"""The figure of a receptive field."""

import numpy as np
import pytest
from matplotlib import colors
from PIL import Image

from convscope.inspection.receptive_field.figure import receptive_field_figure
from convscope.inspection.receptive_field.unit_field import Box, UnitField
from convscope.look.palette import VERMILION
from tests.conftest import slow


def field(box, unclipped, height=28, width=40):
    rows, columns = np.zeros(height, bool), np.zeros(width, bool)
    rows[box.top : box.bottom + 1] = columns[box.left : box.right + 1] = True
    return UnitField("layer $x_1$", (5, 3, 3), rows, columns, box, unclipped)


@pytest.mark.parametrize("channels", [1, *slow(3, 4)])
@pytest.mark.parametrize(
    "seen",
    [
        field(Box(4, 5, 10, 11), Box(4, 5, 10, 11)),
        field(Box(0, 0, 10, 11), Box(-6, -7, 10, 11)),
        field(Box(0, 0, 27, 39), Box(-200, -210, 230, 220)),
    ],
    ids=["inside", "over the border", "far over it"],
)
def test_boxes_are_drawn(seen, channels, tmp_path):
    image = np.full((channels, 28, 40), 200, np.uint8)
    effective = np.outer(seen.rows, seen.columns) * 1.0
    receptive_field_figure(image, seen, effective, tmp_path / "f.png")
    with Image.open(tmp_path / "f.png") as drawn:
        pixels = np.asarray(drawn.convert("RGB")) / 255
    orange = (abs(pixels - colors.to_rgb(VERMILION)) < 0.02).all(axis=2)
    assert orange.sum() > 500


def test_a_unit_without_gradient(tmp_path):
    seen = field(Box(4, 5, 10, 11), Box(4, 5, 10, 11))
    image = np.zeros((1, 28, 40), np.uint8)
    receptive_field_figure(image, seen, np.zeros((28, 40)), tmp_path / "f.png")
    assert (tmp_path / "f.png").exists()
