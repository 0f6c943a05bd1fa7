"""Colours can be told apart, and text in them can be read."""

import itertools
import re

import numpy as np
import pytest

from convscope.look import palette

# Machado, Oliveira and Fernandes, "A physiologically-based model for simulation of color vision
# deficiency", 2009, severity 1.0, on linear RGB.
VISION = {
    "usual": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
XYZ = np.array(
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
)  # of sRGB, white D65


def linear(colour):
    shares = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    scaled = XYZ @ np.clip(rgb, 0, 1) / (XYZ @ np.ones(3))
    root = np.where(scaled > (6 / 29) ** 3, np.cbrt(scaled), scaled / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * root[1] - 16, 500 * (root[0] - root[1]), 200 * (root[1] - root[2])])


def contrast(one, other):
    bright, dark = sorted((float(XYZ[1] @ linear(each)) for each in (one, other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("vision", VISION)
def test_series_can_be_told_apart_with_any_vision(vision):
    seen = [lab(VISION[vision] @ linear(colour)) for colour in palette.SERIES]
    nearest = min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2))
    assert nearest > 12  # CIELAB; 2 is just seen side by side


def test_each_series_has_a_marker():
    assert len(set(palette.MARKERS)) == len(palette.MARKERS) >= len(palette.SERIES)


@pytest.mark.parametrize("colour", [palette.INK, palette.DIM, palette.ACCENT])
def test_text_can_be_read_on_white_and_in_frames(colour):
    assert contrast(colour, palette.WHITE) >= 4.5  # WCAG 2.2, level AA
    assert contrast(colour, palette.FRAME) >= 4.5


@pytest.mark.parametrize("kind", palette.KINDS)
def test_names_of_layers_can_be_read_beside_and_on_their_blocks(kind):
    colours = palette.KINDS[kind]
    assert contrast(colours.edge, palette.WHITE) >= 4.5
    assert contrast(palette.INK, colours.face) >= 4.5


def test_pages_can_be_read_in_light_and_dark():
    light, dark = palette.PAGE.split("@media")
    for part in (light, dark):
        named = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", part))
        for text in ("ink", "faint", "blue", "orange"):
            for behind in ("page", "card"):
                assert contrast(named[text], named[behind]) >= 4.5, (text, behind)
