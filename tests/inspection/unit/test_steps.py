"""The explained number is the network's, for every kind of operation and random units."""

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from torch import nn

from convscope.definitions.cross_correlation import cross_correlation
from convscope.errors import UsageError
from convscope.graph.capture import capture
from convscope.graph.operations.forms import Calculated, Copied, Extreme, WeightedSum
from convscope.graph.operations.pointwise import POINT_FUNCTIONS
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


@given(
    kernel=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    stride=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    padding=st.tuples(st.integers(0, 3), st.integers(0, 3)),
    dilation=st.tuples(st.integers(1, 2), st.integers(1, 2)),
    groups=st.sampled_from([1, 2, 4]),
    bias=st.booleans(),
    seed=st.integers(0, 2**20),
)
@settings(max_examples=60)
def test_convolutions_of_all_sizes(kernel, stride, padding, dilation, groups, bias, seed):
    torch.manual_seed(seed)
    layer = nn.Conv2d(4, 8, kernel, stride, padding, dilation, groups, bias)
    graph = capture(layer, torch.randn(1, 4, 9, 8))
    node = graph.output
    index = random_index(node, np.random.default_rng(seed))
    step = explain_number(graph, node, index)
    assert step.agrees
    x, w = graph.input.value.numpy(), layer.weight.detach().numpy()
    whole = cross_correlation(
        x,
        w,
        layer.bias.detach().numpy() if bias else None,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
    )
    assert step.form.result == pytest.approx(whole[index], abs=1e-12)
    (term,) = step.form.terms
    assert term.left.values.shape == (4 // groups, *kernel)
    padded = np.pad(x, ((0, 0), (0, 0), *((p, p) for p in padding)), constant_values=np.nan)
    channels, rows, columns = term.left.grid
    found = padded[0][np.ix_(channels, rows + padding[0], columns + padding[1])]
    assert (np.isnan(found) == term.left.outside).all()
    assert (np.nan_to_num(found) == term.left.values).all()


def test_the_curriculum_example():
    layer = nn.Conv2d(1, 1, 2, bias=False)
    layer.weight.data = torch.arange(4.0).reshape(1, 1, 2, 2)
    graph = capture(layer, torch.arange(9.0).reshape(1, 1, 3, 3))
    results = [explain_number(graph, graph.output, (0, 0, y, x)) for y in (0, 1) for x in (0, 1)]
    assert [step.form.result for step in results] == [19, 25, 37, 43]
    (term,) = results[3].form.terms
    assert term.left.values.tolist() == [[[4, 5], [7, 8]]]
    assert term.products.tolist() == [[[0, 5], [14, 24]]]
    assert results[3].form.formula == "y[0, 1, 1] = Σ w[0, c, i, j] · x[c, 1 + i, 1 + j]"


def test_of_equal_numbers_the_first_wins_and_padding_never():
    graph = capture(nn.MaxPool2d(3, stride=2, padding=1), torch.full((1, 1, 4, 4), -2.0))
    form = explain_number(graph, graph.output, (0, 0, 0, 0)).form
    assert isinstance(form, Extreme)
    assert form.given.index(form.winner) == (0, 0, 0)
    assert form.result == -2


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


def test_a_dropped_unit_is_explained_where_a_network_drops_units_even_in_prediction():
    class Always(nn.Module):
        def forward(self, x):
            return nn.functional.dropout(x, 0.5)

    torch.manual_seed(0)
    graph = capture(Always(), torch.randn(1, 40))
    found = [explain_number(graph, graph.output, (0, i)) for i in range(40)]
    assert all(step.agrees for step in found)
    assert {step.form.inserted == "dropped: 0" for step in found} == {True, False}


def test_padding_is_named():
    graph = capture(nn.ConstantPad2d(1, 0.5), torch.randn(1, 1, 2, 2))
    step = explain_number(graph, graph.output, (0, 0, 0, 1))
    assert isinstance(step.form, Copied)
    assert (step.form.formula, step.form.result) == ("y[0, 0, 1] = padding", 0.5)
    graph = capture(nn.Unfold(3, padding=1), torch.randn(1, 1, 4, 4))
    assert explain_number(graph, graph.output, (0, 0, 0)).form.formula == "y[0, 0] = padding"


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


@pytest.mark.parametrize("kind", POINT_FUNCTIONS)
def test_slopes_are_derivatives(kind):
    given = {"alpha": 0.7, "beta": 2.0, "threshold": 1.0, "negative_slope": 0.2, "weight": 0.3}
    given |= {"min_val": -0.4, "max_val": 0.6, "approximate": "none"}
    positive = kind in ("square root", "reciprocal square root", "logarithm")
    x = np.array([0.31, 0.9, 1.7] if positive else [-2.3, -0.77, -0.21, 0.13, 0.55, 1.9, 4.2])
    rule, h = POINT_FUNCTIONS[kind], 1e-6
    difference = (rule.value(x + h, given) - rule.value(x - h, given)) / (2 * h)
    assert rule.slope(x, given) == pytest.approx(difference, abs=1e-6)


def test_weighted_sums_know_their_size():
    graph = capture(nn.Linear(2, 1), torch.tensor([[3.0, -3.0]]))
    graph.weights["weight"].data = torch.tensor([[1.0, 1.0]])
    graph.weights["bias"].data = torch.tensor([0.5])
    form = explain_number(graph, graph.output, (0, 0)).form
    assert isinstance(form, WeightedSum)
    assert (form.result, form.magnitude) == (0.5, 6.5)
    assert form.inserted == "0.5 + 0 = 0.5"
