"""Figures of the curriculum, A5 and B1: blocks, and automatic differentiation by any route."""

import pytest
import torch
from torch import nn

from convscope.graph.capture import capture
from convscope.inspection.trace.trace import trace
from convscope.networks.catalog import build

X = torch.arange(4.0).reshape(1, 1, 1, 4)


class Function(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def gradient(function, x=X, seed=None):
    graph = capture(Function(function), x, gradients=True)
    (found,) = graph.gradients(graph.output, [graph.input], seed)
    return found


def test_a5_a_perceptron_maps_2_by_20_to_2_by_10():
    block = nn.Sequential(nn.Linear(20, 256), nn.ReLU(), nn.Linear(256, 10))
    graph = capture(block, (2, 20))
    assert [node.shape for node in graph] == [(2, 20), (2, 256), (2, 256), (2, 10)]
    mlp = build("mlp")
    assert [layer.out_features for layer in mlp.modules() if isinstance(layer, nn.Linear)] == [
        256,
        10,
    ]
    nested = nn.Sequential(nn.Sequential(nn.Flatten(), block), nn.Linear(10, 3))
    assert trace(nested, (1, 4, 5)).parameters == 20 * 256 + 256 + 256 * 10 + 10 + 33


def test_b1_the_gradient_of_2_x_dot_x_is_4_x():
    assert torch.equal(gradient(lambda x: 2 * (x * x).sum()), 4 * X)


def test_b1_of_a_sum_it_is_ones():
    assert torch.equal(gradient(lambda x: x.sum()), torch.ones_like(X))


def test_b1_a_vector_needs_weights_for_its_entries():
    with pytest.raises(RuntimeError, match="scalar outputs"):
        gradient(lambda x: x * x)
    weights = torch.tensor([[[[1.0, 0.0, 2.0, -1.0]]]])
    assert torch.equal(gradient(lambda x: x * x, seed=weights), 2 * X * weights)


def test_b1_what_is_detached_counts_as_a_constant():
    assert torch.equal(gradient(lambda x: ((x * x).detach() * x).sum()), X * X)
    assert torch.equal(gradient(lambda x: (x * x * x).sum()), 3 * X * X)


@pytest.mark.parametrize("start", [-3.0, 0.25, 2000.0])
def test_b1_through_loops_and_branches_of_a_piecewise_linear_function(start):
    """f(a) is k · a, with a k that differs from piece to piece: so its slope is f(a) / a."""

    def f(a):
        b = a * 2
        while b.norm() < 1000:
            b = b * 2
        return b.sum() if b.sum() > 0 else 100 * b.sum()

    a = torch.full((1, 1, 1, 1), start)
    assert gradient(f, a).item() == (f(a) / a).item()
