"""Where moved numbers came from, and what they are called that came from nowhere."""

import numpy as np
import torch
from torch import nn

from convscope.graph.capture import capture
from convscope.graph.operations.forms import Copied
from convscope.graph.operations.moving import find_origins
from convscope.inspection.unit.steps import explain_number


def test_padding_is_named():
    graph = capture(nn.ConstantPad2d(1, 0.5), torch.randn(1, 1, 2, 2))
    step = explain_number(graph, graph.output, (0, 0, 0, 1))
    assert isinstance(step.form, Copied)
    assert (step.form.formula, step.form.result) == ("y[0, 0, 1] = padding", 0.5)
    graph = capture(nn.Unfold(3, padding=1), torch.randn(1, 1, 4, 4))
    assert explain_number(graph, graph.output, (0, 0, 0)).form.formula == "y[0, 0] = padding"


def test_the_operation_says_where_its_numbers_came_from():
    class Moved(nn.Module):
        def forward(self, x):
            return nn.functional.pad(x.flip(3)[:, [1, 0, 1]], (0, 1))

    graph = capture(Moved(), (2, 2, 3))
    padding, slices, flip = graph.output, graph.output.inputs[0], graph.output.inputs[0].inputs[0]
    assert find_origins(flip, 0)[0, 0].tolist() == [[2, 1, 0], [5, 4, 3]]
    places = np.arange(12).reshape(2, 2, 3)
    assert (find_origins(slices, 0)[0] == places[[1, 0, 1]]).all()
    assert (find_origins(padding, 0)[..., -1] == -1).all()
    assert (find_origins(padding, 0)[..., :3] == np.arange(18).reshape(1, 3, 2, 3)).all()
