"""A module's copy without memory has its shapes, layouts, ties and what is frozen."""

import pytest
import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode

from convscope.planning.module_without_memory import without_memory


@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
def test_a_copy_without_memory(layout):
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, 4))
    network[0].requires_grad_(requires_grad=False)
    network[0].kept = network[0](torch.zeros(1, 3, 8, 8).requires_grad_())
    network[2].bias = network[1].bias
    with FakeTensorMode(allow_non_fake_inputs=True):
        copied = without_memory(network, layout)
        shape = copied[:2](torch.empty(2, 3, 8, 8)).shape
    assert shape == (2, 4, 6, 6)
    assert all(isinstance(t, FakeTensor) for t in (*copied.parameters(), *copied.buffers()))
    assert isinstance(copied[0].kept, FakeTensor)
    assert copied[0].weight.is_contiguous(memory_format=layout)
    assert not copied[0].weight.requires_grad
    assert copied[1].weight.requires_grad
    assert copied[2].bias is copied[1].bias
    assert not any(isinstance(t, FakeTensor) for t in network.parameters())


def test_statistics_over_all_batches_need_no_count():
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2, momentum=None))
    with FakeTensorMode(allow_non_fake_inputs=True):
        copied = without_memory(network, torch.channels_last).train()
        assert copied(torch.empty(7, 1, 5, 5)).shape == (7, 2, 3, 3)
    assert network[1].momentum is None
