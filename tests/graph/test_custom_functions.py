"""Functions with their own backward pass are one operation, and are put back as they were."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from convscope.graph.capture import capture


class Doubled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x + x

    @staticmethod
    def backward(ctx, gradient):
        return 2 * gradient


class Custom(nn.Module):
    def forward(self, x):
        return Doubled.apply(x.relu()) * 3


def test_a_custom_function_is_one_operation():
    apply = torch.autograd.Function.__dict__["apply"]
    graph = capture(Custom(), torch.randn(1, 2, 3), gradients=True)
    assert [node.kind for node in graph] == ["input", "ReLU", "other: Doubled.apply", "product"]
    assert all(node.edge is not None for node in graph)
    assert torch.autograd.Function.__dict__["apply"] is apply
    shapes = capture(Custom(), (1, 2, 3))
    assert [node.kind for node in shapes] == [node.kind for node in graph]
    assert torch.equal(graph.nodes[2].replay(torch.ones(2)), torch.full((2,), 2.0))


@pytest.mark.filterwarnings("ignore:None of the inputs have requires_grad")
def test_what_only_runs_others_is_looked_into():
    class Checkpointed(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(1, 2, 3)

        def forward(self, x):
            return checkpoint(self.conv, x, use_reentrant=True).relu()

    graph = capture(Checkpointed(), (1, 5, 5))
    assert [node.kind for node in graph] == ["input", "convolution", "ReLU"]


@pytest.mark.slow
def test_threads_record_side_by_side_and_leave_nothing():
    """Two record, each its own network, while a third trains with a function of the same kind."""
    apply = torch.autograd.Function.__dict__["apply"]
    expected = [node.kind for node in capture(Custom(), (1, 2, 3))]
    over = threading.Event()

    def compute():
        while not over.is_set():
            x = torch.ones(2, requires_grad=True)
            nn.Sequential(Custom(), nn.ReLU())(x).sum().backward()
            assert x.grad.tolist() == [6, 6]

    def record(_):
        return [[node.kind for node in capture(Custom(), (1, 2, 3))] for _ in range(20)]

    with ThreadPoolExecutor(3) as pool:
        computing = pool.submit(compute)
        recorded = list(pool.map(record, range(2)))
        over.set()
        computing.result()
    assert recorded == [[expected] * 20] * 2
    assert torch.autograd.Function.__dict__["apply"] is apply


@pytest.mark.slow
def test_threads_that_record_one_network_take_turns():
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(18, 4))
    held = {name: id(tensor) for name, tensor in network.state_dict(keep_vars=True).items()}
    expected = [node.kind for node in capture(network, (1, 5, 5))]

    def record(_):
        return [[node.kind for node in capture(network, (1, 5, 5))] for _ in range(20)]

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(record, range(3))) == [[expected] * 20] * 3
    after = {name: id(tensor) for name, tensor in network.state_dict(keep_vars=True).items()}
    assert after == held
    assert network.training
