"""The figures of one number: written for every form of arithmetic, with the right parts in them.

Tests inspection/unit/figure_backward.py, inspection/unit/figure_panels.py,
inspection/unit/figure_where.py.
"""

import matplotlib
import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from PIL import Image
from torch import nn

from convscope.errors import UsageError
from convscope.graph.operations.numbers import Numbers, Product, constant
from convscope.inspection.unit.figure import bars_of
from convscope.inspection.unit.figure_panels import draw_bars, draw_cells, draw_products
from convscope.inspection.unit.figure_where import panels_of
from convscope.inspection.unit.unit import unit
from convscope.look.canvas import STYLE
from convscope.look.palette import OUTLINE


class Branches(nn.Module):
    """Every form of arithmetic in one small network."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.conv = nn.Conv2d(1, 6, 5, padding=2)
        self.norm = nn.BatchNorm2d(6)
        self.relu = nn.ReLU()
        self.pool = nn.MaxPool2d(3, stride=2, padding=1)
        self.point = nn.Conv2d(6, 6, 1)
        self.wide = nn.Conv2d(6, 4, 9, padding=4)
        self.mean = nn.AvgPool2d(2)
        self.flatten = nn.Flatten()
        self.dense = nn.Linear(160, 12)
        self.sigmoid = nn.Sigmoid()
        self.head = nn.Linear(12, 30)

    def forward(self, x):
        x = self.pool(self.relu(self.norm(self.conv(x))))
        x = torch.cat((x + self.point(x), self.wide(x)), dim=1)
        x = self.dense(self.flatten(self.mean(x)))
        return self.head(self.sigmoid(x))


@pytest.fixture(scope="module")
def network():
    return Branches().eval()


@pytest.fixture(scope="module")
def image():
    return torch.rand(1, 16, 16, generator=torch.Generator().manual_seed(0))


def drawn(path):
    with Image.open(path) as image:
        assert image.format == "PNG"
        pixels = np.asarray(image.convert("RGB"))
    assert 300 <= pixels.shape[0] <= 3000
    assert pixels.shape[1] == 2100
    assert (pixels != 255).any(axis=2).mean() > 0.03
    return pixels


@pytest.mark.parametrize(
    ("asked", "titles"),
    [
        ("conv:2,0,7", ["image, 16 × 16", "conv[2], 16 × 16", "relu[2], 16 × 16", "ReLU: y = "]),
        ("pool:2,0,3", ["image", "relu[2]", "pool[2], 8 × 8"]),
        ("sum:1,2,3", ["image", "pool[1]", "point[1]", "sum[1]"]),
        ("concatenation:7,2,3", ["image", "pool[", "wide[1]", "concatenation[7]"]),
        ("mean:3,1,1", ["image", "concatenation[3]", "mean[3], 4 × 4"]),
        ("sigmoid:5", ["image", "dense, 12 units", "sigmoid, 12 units", "sigmoid: y = 1"]),
        ("softmax:29", ["image", "scores x", "e^(x − largest score)", "probabilities"]),
    ],
)
def test_panels(network, image, asked, titles):
    panels = panels_of(unit(network, image, asked))
    assert len(panels) == len(titles)
    for (text, _), start in zip(panels, titles, strict=True):
        assert text.startswith(start)


@pytest.mark.parametrize("asked", ["conv:2,0,7", "pool:2,0,3", "dense:3", "softmax:29"])
def test_forward(network, image, asked, tmp_path):
    unit(network, image, asked).figure(tmp_path / "unit.png")
    drawn(tmp_path / "unit.png")


@pytest.mark.parametrize("asked", ["conv:2,0,7", "concatenation:7,2,3", "softmax:29"])
def test_backward(network, image, asked, tmp_path):
    unit(network, image, asked, backward=True).backward_figure(tmp_path / "unit.png")
    drawn(tmp_path / "unit.png")


def test_the_way_backwards_must_have_been_asked_for(network, image, tmp_path):
    with pytest.raises(UsageError, match=r"Call unit\(…, backward=True\)."):
        unit(network, image, "dense:3").backward_figure(tmp_path / "unit.png")
    assert not list(tmp_path.iterdir())


def test_the_windows_are_marked_on_the_image(network, image, tmp_path):
    unit(network, image, "conv:2,8,7").figure(tmp_path / "unit.png")
    colour = np.array(matplotlib.colors.to_rgb(OUTLINE)) * 255
    framed = (abs(drawn(tmp_path / "unit.png") - colour) < 8).all(axis=2)
    assert framed.sum() > 1000


def window(values, outside=None):
    array = np.array(values, dtype=float)
    places = tuple(np.arange(size) for size in array.shape)
    hidden = np.zeros(array.shape, bool) if outside is None else outside
    return Numbers("x", (0, *places), array, hidden, batch_axis=0)


def texts(axes):
    return [text.get_text() for text in axes.texts]


def test_numbers_stand_in_small_windows_and_padding_is_hatched():
    figure = Figure()
    axes = figure.subplots()
    outside = np.array([[True, False], [True, False]])
    draw_cells(axes, "x", np.array([[0.0, 0.5], [0.0, -1.25]]), outside, winner=(0, 1))
    assert texts(axes) == ["0.5000", "−1.2500"]
    assert [bool(patch.get_hatch()) for patch in axes.patches].count(True) == 2
    large = figure.subplots()
    draw_cells(large, "x", np.ones((8, 3)), np.zeros((8, 3), bool))
    assert not texts(large)


def test_channels_that_add_most_are_drawn_and_the_others_summed():
    left = window([[[1, 2], [3, 4]]] * 4)
    right = window([[[k, 0], [0, 0]] for k in (1, -7, 2, 5)])
    figure = Figure()
    draw_products(figure, Product(left, right), 2)
    assert len(figure.axes) == 12
    said = [text for axes in figure.axes for text in texts(axes)]
    assert "sum −7" in said
    assert "sum 5" in said
    assert "the other 2 channels:\nsum 3" in said


def test_a_mean_is_not_drawn_as_a_kernel():
    figure = Figure()
    term = Product(window([[1, 2], [3, 4]]), constant("1/4", np.full((2, 2), 0.25)))
    draw_products(figure, term, 2)
    assert "sum × 1/4 = 2.5" in [text for axes in figure.axes for text in texts(axes)]


def test_bars_add_up(network, image):
    form = unit(network, image, "head:3").steps[0].form
    bars = dict(bars_of(form))
    assert list(bars)[-2:] == ["bias", "sum"]
    assert sum(list(bars.values())[:-1]) == pytest.approx(bars["sum"])
    assert bars["sum"] == form.result


@pytest.mark.parametrize("values", [[0.0, 0.0], [-1e-9, 3e-9], [1e6, -2e6], [5.0]])
def test_bars_of_any_size(values):
    with matplotlib.rc_context(STYLE):
        axes = Figure().subplots()
        draw_bars(axes, [(str(value), value) for value in values], own=0)
    low, high = axes.get_xlim()
    assert low <= min(0, *values)
    assert high >= max(0, *values)
    assert high > low


def test_a_figure_need_not_be_written(network, image):
    explanation = unit(network, image, "head:3", backward=True)
    for figure in (explanation.figure(), explanation.backward_figure()):
        assert isinstance(figure, Figure)
        assert figure.subfigs
