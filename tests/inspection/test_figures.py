"""Every figure is written, has something on it, and copes with sizes at both ends.

Tests inspection/attribution/figure.py, inspection/excitation/figure.py,
inspection/feature_maps/figure.py, inspection/initialization/figure.py,
inspection/kernels/figure.py, inspection/kernels/first_kernels_figure.py,
inspection/parameters/figure.py.
"""

import re

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from PIL import Image
from torch import nn

from convscope.inspection.attribution.attribution import Attribution
from convscope.inspection.attribution.figure import attribution_figure
from convscope.inspection.excitation.excitation import ExcitingImage
from convscope.inspection.excitation.figure import excitation_figure
from convscope.inspection.feature_maps.figure import feature_maps_figure, mosaic_columns
from convscope.inspection.initialization.figure import initialization_figure
from convscope.inspection.initialization.spread import LayerSpread
from convscope.inspection.kernels.apply import apply_kernel
from convscope.inspection.kernels.figure import gallery_figure, kernel_figure
from convscope.inspection.kernels.first_kernels_figure import first_kernels_figure
from convscope.inspection.kernels.kernel import GALLERY, find_kernel
from convscope.inspection.parameters.figure import parameter_histograms
from convscope.inspection.parameters.statistics import measure_parameters
from convscope.inspection.receptive_field.unit_field import Box
from convscope.look.language import use_language
from convscope.look.panels import value_range
from tests.drawn import texts, values

random = np.random.default_rng(0)


@pytest.fixture
def last(monkeypatch):
    """Gives the figure that was written last."""
    written = []
    save = Figure.savefig

    def record(figure, *arguments, **options):
        written.append(figure)
        save(figure, *arguments, **options)

    monkeypatch.setattr(Figure, "savefig", record)
    return lambda: written[-1]


def drawn(path):
    """The image in a PNG file, which must show more than its background."""
    with Image.open(path) as image:
        assert image.format == "PNG"
        pixels = np.asarray(image.convert("RGB"))
    assert 200 <= pixels.shape[0] <= 3000
    assert 600 <= pixels.shape[1] <= 3000
    assert (pixels != 255).any(axis=2).mean() > 0.01
    return pixels


def has_colour(pixels):
    """Whether some of the image is neither grey nor the bluish ink of the text."""
    return (np.ptp(pixels.astype(int), axis=2) > 60).any()


@pytest.mark.parametrize(
    "shape",
    [(1, 1, 2), (6, 28, 28), (300, 3, 5), (2, 224, 224)],
    ids=lambda s: "x".join(map(str, s)),
)
def test_feature_maps(shape, tmp_path, last):
    maps = random.random(shape, dtype=np.float32)
    feature_maps_figure("layer $x_1$", "convolution", maps, tmp_path / "f.png")
    assert has_colour(drawn(tmp_path / "f.png"))
    some = f"the first 64 of {shape[0]}" if shape[0] > 64 else f"{shape[0]}"
    size = f"{shape[1]}×{shape[2]}"
    assert f"layer $x_1$ (convolution): {some} map{'s'[: shape[0] - 1]} of {size}" in texts(last())
    assert np.isin(maps[:64].astype(float), values(last())).all()
    assert np.isin(maps[64:].astype(float), values(last())).sum() < 10  # by chance alone


def test_feature_maps_that_are_all_0(tmp_path, last):
    maps = np.zeros((4, 5, 5), np.float32)
    feature_maps_figure("dead", "ReLU", maps, tmp_path / "f.png")
    drawn(tmp_path / "f.png")
    assert "All of them are 0 everywhere." in texts(last())


@pytest.mark.parametrize("shape", [(6, 1, 5, 5), (96, 3, 11, 11), (4, 2, 1, 1)])
def test_first_kernels(shape, tmp_path, last):
    weights = random.standard_normal(shape).astype(np.float32)
    first_kernels_figure("conv1", weights, tmp_path / "f.png")
    assert has_colour(drawn(tmp_path / "f.png"))
    assert f"conv1: {shape[0]} kernels of {shape[2]}×{shape[3]}" in texts(last())
    if shape[1] != 3:  # others are drawn in colours
        assert np.isin(weights[:64].astype(float), values(last())).all()


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("signed", [True, False])
def test_attribution(channels, signed, tmp_path, last):
    image = random.integers(0, 256, (channels, 20, 30), dtype=np.uint8)
    heat = random.standard_normal((20, 30)).astype(np.float32)
    found = Attribution("occlusion", heat if signed else abs(heat), signed, {}, "")
    attribution_figure(image, found, "a class with $ and 猫", tmp_path / "f.png")
    assert has_colour(drawn(tmp_path / "f.png"))
    # Without a Chinese font, the name can't be drawn, and the class is spoken of.
    assert re.search(
        "Occlusion: what counts for '(a class with [$] and 猫|this class)'", texts(last())
    )
    assert np.isin(found.heat.astype(float), values(last())).all()


def test_attribution_that_is_all_0(tmp_path):
    image = random.integers(0, 256, (1, 8, 8), dtype=np.uint8)
    found = Attribution("grad-cam", np.zeros((8, 8), np.float32), signed=False, facts={}, note="")
    attribution_figure(image, found, "x", tmp_path / "f.png")
    drawn(tmp_path / "f.png")


def test_excitation(tmp_path, last):
    def one(value, box):
        image = random.integers(0, 256, (3, 32, 32), dtype=np.uint8)
        return ExcitingImage(0, "a", value, (0, 1, 1), box, image)

    channels = {
        0: [one(3.0, Box(0, 0, 5, 5)), one(1.0, Box(4, 4, 31, 31))],
        7: [one(0.0, Box(0, 0, 0, 0)), one(0.0, Box(0, 0, 3, 3))],
    }
    excitation_figure("conv1", channels, tmp_path / "f.png")
    assert has_colour(drawn(tmp_path / "f.png"))
    assert "conv1" in texts(last())
    assert {"3", "1"} <= {word.rstrip(".0") for word in texts(last()).split()}


def histograms(network, path):
    parameter_histograms(measure_parameters(network), dict(network.named_parameters()), path)


@pytest.mark.slow
def test_histograms_of_many_and_of_tied_parameters(tmp_path):
    many = nn.Sequential(*(nn.Linear(3, 3) for _ in range(30)))
    many[3].weight = many[2].weight
    with torch.no_grad():
        many[0].weight[0, 0] = torch.nan
    histograms(many, tmp_path / "f.png")
    histograms(nn.Linear(3, 3, bias=False), tmp_path / "one.png")
    assert drawn(tmp_path / "f.png").shape[0] > 2 * drawn(tmp_path / "one.png").shape[0]


def test_initialization(tmp_path):
    rows = {
        name: [LayerSpread(str(i), 0.0, 10.0 ** (-i * j), 0.0) for i in range(5)]
        for j, name in enumerate(("a", "b", "c"))
    }
    rows["d"] = [LayerSpread("0", 0.0, 0.0, 0.0)]
    initialization_figure(rows, tmp_path / "f.png")
    assert has_colour(drawn(tmp_path / "f.png"))


def test_kernels_in_chinese():
    image = np.zeros((3, 20, 20), np.uint8)
    results = [apply_kernel(image, kernel) for kernel in GALLERY.values()]
    with use_language("zh"):
        shown = texts(gallery_figure(image, results, "image"))
        one = texts(kernel_figure(image, results[0], "image"))
    assert "高 ⌊(20 − 5 + 0 + 1) / 1⌋ = 16" in shown
    for kernel in GALLERY.values():
        assert kernel.effect not in shown, kernel.name  # each has its Chinese words
    assert "模糊：25 个像素的均值" in one
    assert "卷积核" in one


@pytest.mark.slow
def test_kernels(tmp_path):
    image = random.integers(0, 256, (3, 30, 10), dtype=np.uint8)
    results = [apply_kernel(image, kernel, padding=2) for kernel in GALLERY.values()]
    gallery_figure(image, results, "$image.png", tmp_path / "all.png")
    assert has_colour(drawn(tmp_path / "all.png"))
    for name, text in enumerate(("emboss", "1 2; 3 4", "1 " * 8)):
        path = tmp_path / f"{name}.png"
        kernel_figure(image, apply_kernel(image, find_kernel(text), padding=2), "猫.png", path)
        drawn(path)


def test_the_columns_of_a_mosaic_fill_its_last_row():
    assert [mosaic_columns(n, 1.0) for n in (1, 2, 6, 16, 64, 3)] == [1, 2, 3, 4, 8, 3]


def test_reach_leaves_out_the_few_extremes():
    values = np.concatenate([np.linspace(-1, 2, 1000), [100.0, -50.0]])
    low, high = value_range(values)
    assert low == -1 or -2 < low < 0
    assert 1.9 < high <= 2
    assert value_range(np.zeros(4)) == (0.0, 0.0)
    assert value_range(np.array([0.0, 3.0])) == (0.0, pytest.approx(3.0, rel=0.01))
