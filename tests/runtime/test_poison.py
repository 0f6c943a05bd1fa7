"""The probe of bfloat16 sees gradients that a kernel leaves unwritten."""

from contextlib import nullcontext

import pytest
import torch
from torch import nn

from convscope.runtime import choose_execution as choosing
from convscope.runtime import execution as executing
from convscope.runtime.execution import Execution
from convscope.runtime.poison import poison_heap

CPU = torch.device("cpu")


def test_memory_that_was_freed_reads_nan():
    size, found = 64 * 64 * 9, 0
    for _ in range(5):
        poison_heap([size, 7])
        found += bool(torch.empty(size, dtype=torch.bfloat16).isnan().any())
    assert found


@pytest.mark.slow
@pytest.mark.parametrize("is_mended", [True, False])
def test_the_probe_refuses_gradients_of_memory_nobody_wrote(monkeypatch, is_mended):
    """On a fresh heap, where unwritten memory reads 0, it would take them for right."""
    if not is_mended:
        monkeypatch.setattr(executing, "ZeroDeadTaps", nullcontext)
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(64, 64, 3, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(64, 3))
    images, labels = torch.randn(64, 64, 1, 1), torch.randint(3, (64,))
    probe = choosing._Probe(network, images, labels, 0.0)
    plain, short = Execution(CPU, "float32"), Execution(CPU, "bfloat16")
    found = {choosing._agrees(probe, plain, short) for _ in range(10)}
    # Which freed memory the kernel gets is the allocator's choice: the poison is met nearly always.
    assert found == {True} if is_mended else False in found
