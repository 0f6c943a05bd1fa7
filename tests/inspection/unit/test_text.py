"""The arithmetic as text: right, and readable in terminals of any width.

Tests inspection/unit/tables.py, inspection/unit/text_blocks.py.
"""

import dataclasses
import re

import numpy as np
import pytest
import torch
from rich.console import Console
from torch import nn

from convscope.inspection.unit.text import as_text
from convscope.inspection.unit.text_blocks import block, fitting
from convscope.inspection.unit.unit import unit
from tests.inspection.unit.test_unit import fresh


def of_the_book():
    """Curriculum C6: X = 0 to 8, K = 0 to 3."""
    network = nn.Sequential(nn.Conv2d(1, 1, 2), nn.ReLU())
    network[0].weight.data = torch.arange(4.0).reshape(1, 1, 2, 2)
    network[0].bias.data = torch.tensor([-40.0])
    return unit(network, torch.arange(9.0).reshape(1, 3, 3), "0:0,1,1")


def test_the_example_of_the_book():
    lines = [line.rstrip() for line in str(of_the_book()).splitlines()]
    assert lines[0] == "0[0, 1, 1] = 3"
    assert "   y[0, 1, 1] = b[0] + Σ w[0, c, i, j] · x[c, 1 + i, 1 + j]" in lines
    start = next(i for i, line in enumerate(lines) if "products, sum 43" in line)
    rows = [re.findall(r"[\d.]+", line) for line in lines[start + 1 : start + 3]]
    assert [[float(number) for number in row] for row in rows] == [
        [4, 5, 0, 1, 0, 5],
        [7, 8, 2, 3, 14, 24],
    ]
    assert "   bias 0.bias[0] = −40" in lines
    assert "   = −40 + 43 = 3" in lines
    assert "   = max(3, 0) = 3" in lines


def test_padding_winners_and_means():
    image = torch.tensor([[[1.0, 2.0], [3.0, 4.0]]])
    text = str(unit(nn.MaxPool2d(2, stride=1, padding=1), image, "max_pooling:0,0,1"))
    lines = [line.split() for line in text.splitlines()]
    start = lines.index(["image[0,", "−1…0,", "0…1]"])
    assert lines[start + 1 : start + 3] == [["·", "·"], ["1.0000", "[2.0000]"]]
    assert "in brackets: the winner; · is padding, which never wins" in text
    text = str(unit(nn.AvgPool2d(2), image, "average_pooling:0,0,0"))
    assert "y[0, 0, 0] = (1 + 2 + 3 + 4) / 4" in text
    assert "sum × 1/4 = 2.5" in text


def test_where_a_flattened_number_stood():
    network, image = fresh("lenet")
    text = str(unit(network, image, "classifier.dense1:7"))
    places = re.findall(r"\[(\d+)\] = features.pool2\[(\d+), (\d+), (\d+)\]", text)
    assert len(places) == 8
    for flat, channel, row, column in (map(int, place) for place in places):
        assert flat == (channel * 5 + row) * 5 + column
    assert "the other 392 products" in text


def test_a_wrong_explanation_is_not_passed_over():
    explanation = of_the_book()
    assert "every result here is the network's own but for rounding" in str(explanation)
    steps = [dataclasses.replace(step, error=0.5) for step in explanation.steps[:1]]
    wrong = dataclasses.replace(explanation, steps=(*steps, *explanation.steps[1:]))
    assert not wrong.agrees
    assert "This does NOT agree with what the network computed: 0[0, 1, 1]." in str(wrong)


@pytest.mark.parametrize("width", [60, 80, 100, 200])
@pytest.mark.parametrize("asked", ["features.conv2:5,3,4", "classifier.dense1:7", "softmax:3"])
def test_any_width(asked, width):
    network, image = fresh("lenet")
    explanation = unit(network, image, asked, backward=True)
    text = as_text(explanation, width)
    assert max(len(line) for line in text.splitlines()) <= width
    assert "…" not in re.sub(r"\d…\d", "", text)
    console = Console(width=width, color_system=None, highlight=False)
    with console.capture() as captured:
        console.print(explanation)
    assert captured.get().split() == text.split()


def test_the_way_backwards():
    network, image = fresh("lenet")
    text = str(unit(network, image, "features.conv1:2,10,12", backward=True, label=3))
    assert "(cross-entropy for class 3, given as right)" in text
    assert "through features.sigmoid1: gradient · slope" in text
    assert "summed over the 784 positions where it is used" in text
    assert "through features.conv1: gradient · weight, summed over the windows it lies in" in text
    assert "the network's own choice" in str(
        unit(network, image, "features.conv1:2,10,12", backward=True)
    )


class Stubborn(torch.autograd.Function):
    """Squares numbers, and lets itself be differentiated only backwards, and only once."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, gradient):
        return 2 * ctx.saved_tensors[0] * gradient


class Squared(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.conv, self.head = nn.Conv2d(1, 1, 1), nn.Linear(size * size, 2)

    def forward(self, x):
        return self.head(Stubborn.apply(self.conv(x)).flatten(1))


@pytest.mark.parametrize(("size", "explained"), [(5, True), (50, False)])
def test_what_pytorch_says_is_named_as_such(size, explained):
    explanation = unit(Squared(size), torch.randn(1, size, size), "conv:0,2,2", backward=True)
    assert explanation.agrees
    number = explanation.backward.number
    if explained:  # differentiated row by row, which takes too long for 2,500 numbers
        assert not number.unexplained
        assert "gradient · local derivative ∂y/∂x" in str(explanation)
    else:
        assert number.unexplained == number.through
        assert f"through {number.through[0]}, as PyTorch says" in str(explanation)


def test_a_dense_layer_of_few_inputs_is_listed():
    network = nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
    text = str(unit(network, torch.randn(1, 2, 2), "1:1"))
    assert all(f"[{i}] = image[0, {i // 2}, {i % 2}]" in text for i in range(4))


def test_a_notebook_shows_the_same_text():
    explanation = unit(Squared(5), torch.randn(1, 5, 5), "conv:0,2,2")
    html = explanation._repr_html_()
    assert html.startswith("<pre>")
    assert "conv[0, 2, 2] = " in html
    assert "<script" not in html
    assert html.count("<br>") == len(str(explanation).splitlines()) - 1


def test_very_small_numbers_get_their_power_of_ten():
    small = block("x", torch.tensor([[1e-5, -2.5e-5], [0.0, 3e-6]]).double().numpy())
    assert small.heading() == "x  · 10⁻⁵"
    assert small.cells(2) == [["1.00", "−2.50"], ["0", "0.30"]]
    summed = block("products", np.full((2, 2), 0.025), note=", sum 0.1")
    assert summed.heading() == "products  · 10⁻², sum 0.1"  # the sum is not times the power


def test_decimals_fit_the_width():
    row = [block("x", torch.rand(3, 3).double().numpy()) for _ in range(3)]
    assert [fitting([row], width) for width in (200, 66, 58, 50, 40)] == [4, 3, 2, 0, 0]
    assert fitting([[block("x", torch.rand(10, 3).double().numpy())]], 200) == 0
