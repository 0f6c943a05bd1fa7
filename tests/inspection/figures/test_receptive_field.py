"""The figure of a receptive field."""

import numpy as np
import pytest
from matplotlib import colors
from PIL import Image

from convscope.inspection.figures.receptive_field import receptive_field_figure
from convscope.inspection.receptive_field import Box, UnitField, pixels_of_share
from convscope.look.palette import VERMILION


def field(box, unclipped, height=28, width=40):
    rows, columns = np.zeros(height, bool), np.zeros(width, bool)
    rows[box.top : box.bottom + 1] = columns[box.left : box.right + 1] = True
    return UnitField("layer $x_1$", (5, 3, 3), rows, columns, box, unclipped)


@pytest.mark.parametrize("channels", [1, 3, 4])
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
    receptive_field_figure(tmp_path / "f.png", image, seen, effective)
    with Image.open(tmp_path / "f.png") as drawn:
        pixels = np.asarray(drawn.convert("RGB")) / 255
    orange = (abs(pixels - colors.to_rgb(VERMILION)) < 0.02).all(axis=2)
    assert orange.sum() > 500


def test_a_unit_without_gradient(tmp_path):
    seen = field(Box(4, 5, 10, 11), Box(4, 5, 10, 11))
    image = np.zeros((1, 28, 40), np.uint8)
    receptive_field_figure(tmp_path / "f.png", image, seen, np.zeros((28, 40)))
    assert (tmp_path / "f.png").exists()


def test_pixels_that_make_up_a_share():
    assert pixels_of_share(np.array([[1.0, 5.0], [3.0, 1.0]]), 0.5) == 1
    assert pixels_of_share(np.array([[1.0, 5.0], [3.0, 1.0]]), 0.8) == 2
    assert pixels_of_share(np.ones((4, 5)), 1.0) == 20
    assert pixels_of_share(np.zeros((4, 5)), 0.9) == 0
