"""A unit that was dropped says so."""

import torch
from torch import nn

from convscope.graph.capture import capture
from convscope.inspection.unit.steps import explain_number


def test_a_dropped_unit_is_explained_where_a_network_drops_units_even_in_prediction():
    class Always(nn.Module):
        def forward(self, x):
            return nn.functional.dropout(x, 0.5)

    torch.manual_seed(0)
    graph = capture(Always(), torch.randn(1, 40))
    found = [explain_number(graph, graph.output, (0, i)) for i in range(40)]
    assert all(step.agrees for step in found)
    assert {step.form.inserted == "dropped: 0" for step in found} == {True, False}
