"""The forms of a calculation know their result and their size."""

import torch
from torch import nn

from convscope.graph.capture import capture
from convscope.graph.operations.forms import WeightedSum
from convscope.inspection.unit.steps import explain_number


def test_weighted_sums_know_their_size():
    graph = capture(nn.Linear(2, 1), torch.tensor([[3.0, -3.0]]))
    graph.weights["weight"].data = torch.tensor([[1.0, 1.0]])
    graph.weights["bias"].data = torch.tensor([0.5])
    form = explain_number(graph, graph.output, (0, 0)).form
    assert isinstance(form, WeightedSum)
    assert (form.result, form.magnitude) == (0.5, 6.5)
    assert form.inserted == "0.5 + 0 = 0.5"
