"""The table of operations: an operation that one file adds is known everywhere."""

import pytest
import torch
from torch import nn

from convscope.graph.capture import capture
from convscope.graph.count import count_operation_costs
from convscope.graph.folding import fold
from convscope.graph.operations.forms import Calculated
from convscope.graph.operations.numbers import scale_gradients
from convscope.graph.operations.table import (
    FUNCTIONS,
    KINDS,
    OperationKind,
    find,
    register,
    signature,
)
from convscope.graph.operations.understand import understand
from convscope.graph.reach import is_understood, looks_at
from convscope.graph.region import everything, whole
from convscope.inspection.drawing.steps import part_of
from convscope.inspection.trace.trace import trace
from convscope.inspection.unit.unit import unit


def forward(call, index):
    x = call.single("input", index)
    degree = call.argument("decimals")
    result = float(x.values) * 0.5**degree
    return Calculated("y = x / 2^n", f"{result}", {"x": x}, result, abs(result))


def backward(call, into, gradient):
    return scale_gradients(
        gradient.numbers(*into.place), "1 / 2^n", 0.5 ** call.argument("decimals")
    )


@pytest.fixture
def halving():
    """All that one file about `torch.ldexp(x, -n)` would hold, here for one argument more."""
    kind = OperationKind(
        name="halving",
        functions="halve",
        arguments=signature("input", decimals=1),
        looks_at=lambda node, source, region: region,
        forward=forward,
        backward=backward,
        macs=lambda node, weights: node.inputs[0].shape[1],
        words=lambda node: f"halving, {node.arguments['decimals']} times",
        way="gradient, halved",
        part=lambda node: "pooling",
    )
    register(kind)
    yield kind
    del KINDS["halving"], FUNCTIONS["halve"]


class Halve(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, decimals):
        ctx.decimals = decimals
        return x * 0.5**decimals

    @staticmethod
    def backward(ctx, gradient):
        return gradient * 0.5**ctx.decimals, None


def halve(x, decimals=1):
    if torch.overrides.has_torch_function_unary(x):
        return torch.overrides.handle_torch_function(halve, (x,), x, decimals=decimals)
    return Halve.apply(x, decimals)


class Halved(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.head = nn.Conv2d(1, 3, 3), nn.Linear(3 * 16, 2)

    def forward(self, x):
        return self.head(halve(self.conv(x), decimals=2).flatten(1))


def test_one_file_is_enough(halving, tmp_path):
    torch.manual_seed(0)
    network, image = Halved(), torch.randn(1, 6, 6)
    graph = capture(network, image)
    node = graph["halving"]
    assert (node.kind, node.arguments, node.roles) == ("halving", {"decimals": 2}, ("input",))
    part = (*everything(node.shape)[:3], whole(4))
    assert looks_at(node, 0, part) is part
    assert is_understood(node)
    assert count_operation_costs(graph)[node].macs == 3
    assert part_of(node) == "pooling"
    assert "halving, 2 times" in [row.kind for row in fold(graph)]
    table = trace(network, (1, 6, 6))
    assert "halving, 2 times" in str(table)
    assert not table.uncounted
    explained = unit(network, image, "halving:1,2,3", backward=True)
    assert explained.agrees
    assert explained.step.form.formula == "y = x / 2^n"
    source = explained.backward.source
    assert source.name == "conv"
    assert source.form.formula == "through halving: gradient, halved"


def test_the_same_without_a_file_is_asked_itself():
    torch.manual_seed(0)
    network, image = Halved(), torch.randn(1, 6, 6)
    explained = unit(network, image, "halve:1,2,3", backward=True)
    assert explained.agrees
    assert (
        explained.step.form.formula == "y[1, 2, 3] = Σ ∂y/∂x · x, as halve is a sum over x = conv"
    )


def test_names_are_taken_once(halving):
    with pytest.raises(ValueError, match="already registered: halving"):
        register(OperationKind("halving"))
    with pytest.raises(ValueError, match="already registered: relu"):
        register(OperationKind("other rectifier", "relu"))
    assert "other rectifier" not in KINDS


def test_every_kind_has_what_is_needed():
    for kind in KINDS.values():
        assert kind.family in ("", "activation", "arithmetic", "moving")
        assert kind.functions or kind.name in ("ReLU6", "overwritten")
        assert kind.way
    assert find("no such kind").forward is None


@pytest.mark.parametrize(
    ("name", "args", "kwargs", "kind", "expected"),
    [
        ("hardtanh", (0, 0, 6), {}, "ReLU6", {"input": 0}),
        ("hardtanh", (0,), {}, "hard tanh", {"input": 0, "min_val": -1.0, "max_val": 1.0}),
        ("rsub", (1, 2), {}, "difference", {"input": 2, "other": 1, "alpha": 1}),
        ("amax", (0,), {"axis": 2}, "maximum", {"input": 0, "dim": 2, "keepdim": False}),
        ("strange", (0, 5), {"of": 1}, "other: strange", {"0": 0, "1": 5, "of": 1}),
    ],
)
def test_calls_are_understood(name, args, kwargs, kind, expected):
    assert understand(name, args, kwargs) == (kind, expected)
