import torch
from torch import nn

from convscope.runtime.execution import Execution

CPU = torch.device("cpu")


def test_place_and_autocast():
    network = nn.Conv2d(3, 4, 3)
    chosen = Execution(CPU, "bfloat16")
    placed = chosen.place(network)
    assert placed.weight.is_contiguous(memory_format=torch.channels_last)
    with chosen.forward_pass():
        assert placed(torch.randn(1, 3, 8, 8)).dtype == torch.bfloat16
    with Execution(CPU, "float32").forward_pass():
        assert placed(torch.randn(1, 3, 8, 8)).dtype == torch.float32
    assert str(chosen) == "cpu, bfloat16: as asked"
