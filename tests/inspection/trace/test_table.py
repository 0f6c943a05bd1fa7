"""Tables as a person sees them.

Tests graph/folding.py.
"""

import re
from collections import OrderedDict

import pytest
import torch
from rich.console import Console
from torch import nn

from convscope.inspection.trace.table import as_text
from convscope.inspection.trace.trace import trace
from tests.conftest import slow
from tests.inspection import odd_networks as odd

RESNET18 = """
layer                                  output  parameters    MACs     sees
image                                 1×96×96
conv1    convolution 7×7, stride 2   64×48×48       3,136  7.23 M      7×7
bn1      batch norm                  64×48×48         128       ·      7×7
relu     ReLU                        64×48×48           ·       ·      7×7
maxpool  max pooling 3×3, stride 2   64×24×24           ·       ·    11×11
layer1   2 × BasicBlock              64×24×24     147,968  84.9 M    43×43
layer2   2 × BasicBlock             128×12×12     525,568  75.5 M    99×99
layer3   2 × BasicBlock               256×6×6   2,099,712  75.5 M  211×211
layer4   2 × BasicBlock               512×3×3   8,393,728  75.5 M  435×435
avgpool  global average pooling       512×1×1           ·       ·      all
flatten  flatten                          512           ·       ·      all
fc       dense                             10       5,130  5.12 k      all
total                                          11,175,370   319 M

637 M FLOPs forward (2 a MAC; convolutions, dense layers and matrix products), 1.26 G backward, 3.8
MB of outputs, for one image.
What a unit sees is given as if the image went on beyond its border.
"""


def text(*arguments, **options):
    lines = as_text(trace(*arguments), **options).splitlines()
    return "\n".join(line.rstrip().replace("\u00a0", " ") for line in lines)


def test_a_residual_network():
    assert text("resnet18", width=100).strip() == RESNET18.strip()


def test_expanded_every_layer_has_a_row():
    found = text("resnet18", expand=True)
    assert "layer4.1.sum" in found
    assert "BasicBlock" not in found


@pytest.mark.parametrize("name", ["lenet", "mobilenet-v2", *slow("densenet201")])
def test_numbers_are_never_cut_off(name):
    traced = trace(name)
    for width in (60, 80, 100, 160):
        found = as_text(traced, width=width)
        assert "…" not in found
        assert all(len(line.rstrip()) <= width for line in found.splitlines())
        assert f"{traced.parameters:,}" in found
        assert ("backward FLOPs" in found) == (width >= 120)


def test_shared_parameters_and_notes_are_said():
    found = text(odd.Recurrent(), (1, 12, 12))
    assert re.search(r"again:2 +convolution 3×3 +4×12×12 +shared", found)
    assert "Used more than once, counted once: again.bias, again.weight." in found


def test_what_could_not_be_counted_is_said():
    class Exponential(nn.Module):
        def forward(self, x):
            return torch.matrix_exp(x).abs()

    assert "Not counted, for want of a rule: matrix_exp." in text(Exponential(), (1, 8, 8))


def test_a_trace_prints_itself():
    traced = trace("lenet")
    assert "features.pool2" in str(traced)
    console = Console(width=100)
    with console.capture() as captured:
        console.print(traced)
    assert "61,706" in captured.get()


def test_html_opens_blocks_and_escapes():
    html = trace("resnet18")._repr_html_()
    assert html.count("<details>") == html.count("</details>") == 4 + 8
    assert "layer1.0.conv1" in html
    assert "11,175,370" in html

    network = nn.Sequential(OrderedDict({"a<b": nn.ReLU()}))
    assert "a&lt;b" in trace(network, (1, 8, 8))._repr_html_()
