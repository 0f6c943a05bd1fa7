"""Pooling by rows gives what PyTorch's gives, outputs and gradients."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

import convscope as cs
from convscope.runtime.execution import Execution
from convscope.runtime.tiled_pooling import FEW_CHANNELS, TiledPooling

SMALL = st.integers(1, 4)
CPU = torch.device("cpu")


def both(images, *args, gradient_format=torch.channels_last, **kwargs):
    """(output, gradient of the images), by PyTorch and in the context; and how it was done."""
    found = []
    for context in (None, TiledPooling()):
        inputs = images.detach().requires_grad_()
        if context is None:
            output = F.avg_pool2d(inputs, *args, **kwargs)
        else:
            with context:
                output = F.avg_pool2d(inputs, *args, **kwargs)
        torch.manual_seed(1)
        weights = torch.randn(output.shape).to(output.dtype).to(memory_format=gradient_format)
        (gradient,) = torch.autograd.grad(output, inputs, weights)
        found.append((output.detach(), gradient, type(output.grad_fn).__name__))
    return found


def make(*shape, dtype=torch.bfloat16, layout=torch.channels_last):
    torch.manual_seed(0)
    images = torch.randn(shape).to(dtype)
    return torch.empty_like(images, memory_format=layout).copy_(images)


@settings(max_examples=40)
@given(
    count=SMALL,
    channels=st.integers(1, 12),
    windows=st.tuples(SMALL, SMALL),
    sides=st.tuples(SMALL, SMALL),
    gradient_format=st.sampled_from([torch.channels_last, torch.contiguous_format]),
)
def test_equals_pytorch(count, channels, windows, sides, gradient_format):
    size = [number * side for number, side in zip(windows, sides, strict=True)]
    images = make(count, channels, *size)
    plain, ours = both(images, sides, gradient_format=gradient_format)
    assert ours[2].startswith("_TiledMean")
    for expected, got in zip(plain[:2], ours[:2], strict=True):
        assert got.dtype == torch.bfloat16
        assert got.permute(0, 2, 3, 1).is_contiguous()
        # Sums of a window are rounded once, whatever the order of their terms.
        torch.testing.assert_close(got, expected, rtol=2**-7, atol=1e-5)
    # Where the window has a power of two pixels, nothing is rounded on the way back.
    if (sides[0] * sides[1]).bit_count() == 1:
        assert torch.equal(ours[1], plain[1])


@pytest.mark.parametrize(
    ("images", "given"),
    [
        ({"dtype": torch.float32}, {}),
        ({"layout": torch.contiguous_format}, {}),
        ({"channels": FEW_CHANNELS}, {}),
        ({"size": (9, 8)}, {}),
        ({}, {"stride": 1}),
        ({}, {"padding": 1}),
        ({}, {"divisor_override": 3}),
    ],
)
def test_other_pooling_passes_through(images, given):
    channels, size = images.pop("channels", 6), images.pop("size", (8, 8))
    plain, ours = both(make(2, channels, *size, **images), 2, **given)
    assert "TiledMean" not in ours[2]
    assert torch.equal(plain[0], ours[0])
    assert torch.equal(plain[1], ours[1])


@pytest.mark.parametrize("stride", [None, 2, (2, 2), ()])
def test_the_stride_may_be_left_out_or_given(stride):
    given = {} if stride == () else {"stride": stride}
    assert both(make(2, 6, 8, 8), kernel_size=2, **given)[1][2].startswith("_TiledMean")


def test_what_is_not_a_number_stays_in_its_window():
    images = make(1, 3, 4, 4)
    images[0, 1, 0, 0], images[0, 2, 3, 3] = float("nan"), float("inf")
    plain, ours = both(images, 2)
    assert torch.equal(plain[0].isnan(), ours[0].isnan())
    assert torch.equal(plain[0].isinf(), ours[0].isinf())


def test_lenet_takes_it_in_bfloat16():
    torch.manual_seed(0)
    execution = Execution(CPU, "bfloat16")
    network = execution.place(cs.build("lenet", 1, 10))
    seen = []
    for pool in (network.features.pool1, network.features.pool2):
        pool.register_forward_hook(lambda *given: seen.append(type(given[2].grad_fn).__name__))
    with execution.forward_pass():
        network(execution.lay_out(torch.randn(4, 1, 28, 28)))
    assert all(name.startswith("_TiledMean") for name in seen)
    assert len(seen) == 2
