import pytest
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


@pytest.mark.parametrize("layout", ["channels_last", "contiguous"])
@pytest.mark.parametrize("channels", [1, 3])
def test_what_a_convolution_gives_has_the_layout_too(layout, channels):
    # Grey images and kernels of one channel count as laid out in both ways, whatever their
    # strides; but convolutions look at the strides, and the other layout is up to twice as slow.
    execution = Execution(CPU, "bfloat16", layout=layout)
    network = execution.place(nn.Conv2d(channels, 4, 3))
    with execution.forward_pass():
        outputs = network(execution.lay_out(torch.randn(2, channels, 8, 8)))
    steps = (144, 1, 24, 4) if layout == "channels_last" else (144, 36, 6, 1)
    assert outputs.stride() == steps
    assert network.weight.is_leaf
