"""Of equal numbers the first wins, as in PyTorch."""

import torch
from torch import nn

from convscope.graph.capture import capture
from convscope.graph.operations.forms import Extreme
from convscope.inspection.unit.steps import explain_number


def test_of_equal_numbers_the_first_wins_and_padding_never():
    graph = capture(nn.MaxPool2d(3, stride=2, padding=1), torch.full((1, 1, 4, 4), -2.0))
    form = explain_number(graph, graph.output, (0, 0, 0, 0)).form
    assert isinstance(form, Extreme)
    assert form.given.index(form.winner) == (0, 0, 0)
    assert form.result == -2
