"""The explained number is the network's, for every kind of operation and random units.

Tests graph/arithmetic.py, graph/operations/call.py, graph/operations/dense.py,
graph/operations/normalization.py, graph/operations/numbers.py, graph/operations/reduction.py,
graph/operations/softmax.py, graph/operations/words.py.
"""

import numpy as np
import pytest
import torch
from torch import nn

from convscope.errors import UsageError
from convscope.graph.capture import capture
from convscope.graph.operations.forms import Calculated
from convscope.graph.operations.table import KINDS
from convscope.inspection.unit.steps import explain_number, follow_steps, relative_error
from tests.inspection.odd_networks import Recurrent, Shuffled, Tied
from tests.inspection.unit.operations import OPERATIONS, Scored


def random_index(node, random):
    return tuple(int(random.integers(size)) for size in node.shape)


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_adds_up(name):
    network = Scored(OPERATIONS[name])
    graph = capture(network, network.image)
    random = np.random.default_rng(0)
    for node in graph:
        if not node.dtype.is_floating_point:
            continue
        for _ in range(12):
            step = explain_number(graph, node, random_index(node, random))
            assert step.agrees, step
            assert step.form.magnitude >= abs(step.form.result) * (1 - 1e-9)
            assert step.form.inserted.endswith(step.form.inserted.rpartition("= ")[2])
            assert step.form.formula


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
def test_every_kind_has_a_rule_and_is_tried():
    ruled = {name for name, kind in KINDS.items() if kind.forward is not None}
    assert set(KINDS) - ruled == {"comparison", "resizing"}
    tried = set()
    for operation in OPERATIONS.values():
        network = Scored(operation)
        tried |= {node.kind for node in capture(network, network.image)}
    assert tried >= ruled - {"overwritten"}  # in test_unit.py


@pytest.mark.parametrize(
    "network", [Recurrent(), Shuffled(), Tied()], ids=lambda n: type(n).__name__
)
def test_networks_with_control_flow_and_reuse(network):
    torch.manual_seed(0)
    shape = {"Recurrent": (1, 1, 12, 12), "Shuffled": (1, 3, 12, 12), "Tied": (1, 1, 8, 8)}
    graph = capture(network, torch.randn(shape[type(network).__name__]))
    random = np.random.default_rng(0)
    for node in graph:
        for _ in range(5 if node.dtype.is_floating_point else 0):
            found, asked = follow_steps(graph, node, random_index(node, random))
            assert found[asked].layer == node.name
            assert all(step.agrees for step in found), found


def chain(network, shape, name, index):
    torch.manual_seed(0)
    graph = capture(network, torch.randn(1, *shape))
    found, asked = follow_steps(graph, graph[name], index)
    return [step.kind for step in found], asked, found


def test_normalization_and_activation_follow():
    network = nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.MaxPool2d(2))
    kinds, asked, _ = chain(network.eval(), (1, 8, 8), "0", (0, 1, 2, 3))
    assert (kinds, asked) == (["convolution", "batch norm", "ReLU"], 0)
    kinds, asked, found = chain(network, (1, 8, 8), "2", (0, 1, 2, 3))
    assert (kinds, asked) == (["convolution", "batch norm", "ReLU"], 2)
    assert [step.index for step in found] == [(1, 2, 3)] * 3
    assert isinstance(found[1].form, Calculated)


def test_moved_numbers_are_followed_to_where_they_were_made():
    network = nn.Sequential(nn.AvgPool2d(2), nn.Flatten(), nn.Dropout())
    kinds, asked, found = chain(network.eval(), (2, 6, 6), "2", (0, 13))
    assert (kinds, asked) == (["average pooling", "flatten", "dropout"], 2)
    assert found[0].index == (1, 1, 1)
    assert found[1].form.given.label() == "0[1, 1, 1]"


def test_what_is_used_twice_ends_the_chain():
    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(1, 1, 3, padding=1)

        def forward(self, x):
            y = self.conv(x)
            return y.relu() + y

    kinds, _, _ = chain(Residual(), (1, 5, 5), "conv", (0, 0, 1, 1))
    assert kinds == ["convolution"]


def test_unknown_operations_are_asked_themselves():
    class Unknown(nn.Module):
        def forward(self, x):
            return torch.einsum("nchw->nc", torch.sign(x))

    graph = capture(Unknown(), torch.randn(1, 2, 3, 3))
    total = explain_number(graph, graph.output, (0, 1))
    assert total.agrees
    (term,) = total.form.terms
    assert term.left.name == "sign"
    assert term.left.grid[0] == 1
    assert (term.right.values == 1).all()
    sign = explain_number(graph, graph["sign"], (0, 1, 0, 2))
    assert sign.agrees
    assert sign.form.formula == (
        "y[1, 0, 2] = sign(…), whose local derivative is 0 by all that it was given"
    )


def test_whole_numbers_are_not_computed_with():
    class Places(nn.Module):
        def forward(self, x):
            return x * x.max(dim=1, keepdim=True).indices

    graph = capture(Places(), torch.randn(1, 3, 2))
    node = next(node for node in graph if not node.dtype.is_floating_point)
    with pytest.raises(UsageError, match="holds int64 values, which aren't computed with"):
        explain_number(graph, node, (0, 0, 0))


def test_a_wrong_explanation_is_noticed():
    graph = capture(nn.Conv2d(1, 1, 2), torch.randn(1, 1, 3, 3))
    graph.output.value[0, 0, 0, 0] += 1e-3
    step = explain_number(graph, graph.output, (0, 0, 0, 0))
    assert not step.agrees
    assert step.error > 1e-5


def test_the_relative_error_is_a_share_of_what_was_added_up():
    assert relative_error(1.0, 1.0, 0.0) == 0
    assert relative_error(1.001, 1.0, 100.0) == pytest.approx(1e-5)
    assert relative_error(float("nan"), float("nan"), 1.0) == 0
