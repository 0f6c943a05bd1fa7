"""Weight gradients in bfloat16 hold nothing that happened to lie in memory.

The heap is poisoned with NaN before the backward pass: on a fresh heap, memory that nobody wrote
reads 0, and a plain comparison passes.
"""

import copy

import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import nn

from convscope.networks.catalog import build, entry, list_networks
from convscope.runtime.dead_taps import ZeroDeadTaps, live_taps
from convscope.runtime.execution import Execution
from convscope.runtime.recomputation import recomputing

CPU = torch.device("cpu")


def poison():
    """Fill and free blocks of many sizes, so that the next ones taken hold NaN."""
    sizes = (
        [2**n for n in range(10, 21)]
        + [9 * 2**n for n in range(8, 17)]
        + [25 * 2**n for n in range(8, 15)]
    )
    blocks = [
        torch.full((size,), float("nan"), dtype=dtype)
        for size in sizes
        for dtype in (torch.bfloat16, torch.float32)
        for _ in range(4)
    ]
    del blocks


def weight_gradients(function, images, kernels, **given):
    """By float32, and by bfloat16 on a poisoned heap."""
    plain = kernels.clone().requires_grad_()
    output = function(images, plain, **given)
    flowing = torch.randn_like(output)
    output.backward(flowing)
    short = kernels.clone().requires_grad_()
    poison()
    with Execution(CPU, "bfloat16").forward_pass():
        output = function(images, short, **given)
    poison()
    output.backward(flowing.to(output.dtype))
    return plain.grad, short.grad


@pytest.mark.parametrize(
    ("function", "images", "kernels", "given"),
    [
        (F.conv2d, (128, 64, 1, 1), (64, 64, 3, 3), {"stride": 2, "padding": 1}),
        (F.conv2d, (128, 128, 1, 1), (128, 128, 5, 5), {"padding": 2}),
        (F.conv2d, (128, 64, 1, 1), (64, 1, 3, 3), {"stride": 2, "padding": 1, "groups": 64}),
        (F.conv1d, (16, 64, 1), (64, 64, 3), {"stride": 2, "padding": 1}),
        (F.conv3d, (4, 32, 1, 1, 1), (32, 32, 3, 3, 3), {"stride": 2, "padding": 1}),
        (F.conv_transpose2d, (16, 64, 1, 1), (64, 64, 3, 3), {"stride": 2, "padding": 1}),
    ],
    ids=["stride", "padding", "depthwise", "1d", "3d", "transposed"],
)
def test_dead_taps_have_no_gradient(function, images, kernels, given):
    torch.manual_seed(0)
    plain, short = weight_gradients(function, torch.randn(images), torch.randn(kernels), **given)
    assert (plain == 0).any()  # there are dead taps
    assert torch.equal(short[plain == 0], plain[plain == 0])
    assert F.cosine_similarity(short.flatten(), plain.flatten(), dim=0) > 0.999


@pytest.mark.parametrize(
    ("images", "kernels", "given"),
    [
        ((2, 1, 3, 1), (1, 1, 3, 1), {"stride": 3}),
        ((2, 1, 4, 1), (1, 1, 3, 1), {"stride": 3}),
        ((5, 1, 6, 2), (8, 1, 2, 2), {"stride": 4}),
        ((2, 1, 2, 2), (1, 1, 3, 3), {"stride": 4, "padding": 1}),
    ],
)
def test_one_channel_to_one_pixel_is_computed_in_float32(images, kernels, given):
    torch.manual_seed(0)
    plain, short = weight_gradients(F.conv2d, torch.randn(images), torch.randn(kernels), **given)
    # Only the output and what flows back are rounded to bfloat16.
    assert torch.allclose(short, plain, rtol=2**-6, atol=2**-6 * float(plain.abs().max()))


@settings(max_examples=60)
@given(st.data())
def test_live_taps_are_those_that_the_gradient_reaches(data):
    """For random geometry: ones everywhere reach each live tap and no other."""
    pixels, taps, stride, dilation = (data.draw(st.integers(1, most)) for most in (6, 5, 3, 3))
    padding = data.draw(st.integers(0, 6))
    positions = (pixels + 2 * padding - dilation * (taps - 1) - 1) // stride + 1
    assume(positions > 0)
    kernel = torch.ones(1, 1, taps, requires_grad=True)
    output = F.conv1d(
        torch.ones(1, 1, pixels), kernel, stride=stride, padding=padding, dilation=dilation
    )
    output.sum().backward()
    live = live_taps((pixels, positions, taps, stride, padding, dilation))
    assert (kernel.grad[0, 0] > 0).tolist() == list(live)


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
@settings(max_examples=60)
@given(st.data())
def test_the_mask_is_exact_for_every_kind_of_convolution(data):
    """In float32 nothing may change: the gradient is 0 already where the mask makes it so."""
    count = data.draw(st.integers(1, 3))
    transposed = data.draw(st.booleans())
    function = {
        False: (F.conv1d, F.conv2d, F.conv3d),
        True: (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d),
    }[transposed][count - 1]
    size, taps = ([data.draw(st.integers(1, 4)) for _ in range(count)] for _ in range(2))
    stride, dilation = (data.draw(st.integers(1, 3)) for _ in range(2))
    given_ = {"stride": stride, "dilation": dilation, "padding": data.draw(st.integers(0, 3))}
    if not transposed and stride == 1 and data.draw(st.booleans()):
        given_["padding"] = "same"
    images, kernels = torch.randn(2, 2, *size), torch.randn(2, 2, *taps)
    try:
        output = function(images, kernels, **given_)
    except RuntimeError:
        assume(False)
    assume(output.numel() > 0)
    flowing = torch.randn_like(output)
    gradients = []
    for context in (torch.enable_grad(), ZeroDeadTaps()):
        kernel = kernels.clone().requires_grad_()
        with context:
            output = function(images, kernel, **given_)
        output.backward(flowing)
        gradients.append(kernel.grad)
    assert torch.equal(*gradients)


@pytest.mark.slow
def test_blocks_that_are_computed_again_are_guarded_too():
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Sequential(nn.Conv2d(64, 64, 3, 2, 1), nn.ReLU()), nn.Flatten(), nn.Linear(64, 3)
    )
    images = torch.randn(32, 64, 1, 1)
    gradients = []
    for blocks in ((), ("0",)):
        network.zero_grad()
        with recomputing(network, blocks, {}):
            with Execution(CPU, "bfloat16").forward_pass():
                loss = F.cross_entropy(network(images).float(), torch.arange(32) % 3)
            poison()
            loss.backward()
        gradients.append(network[0][0].weight.grad.clone())
    assert torch.equal(*gradients)
    assert (gradients[0] == 0).any()


def sizes_of(name):
    """Image sizes from 28 down to 8 pixels that a network takes."""
    accepted = []
    for size in (28, 16, 12, 8):
        with torch.device("meta"):
            try:
                build(name, entry(name).image[0], 10).check_image_size(size, size)
            except ValueError:
                continue
        accepted.append(size)
    return accepted


def largest_gradients(network, images, precision):
    """By path of the parameter, on a poisoned heap."""
    execution = Execution(CPU, precision)
    network = execution.place(copy.deepcopy(network)).train()
    poison()
    with execution.forward_pass():
        loss = F.cross_entropy(network(images).float(), torch.arange(len(images)))
    poison()
    loss.backward()
    return {
        path: parameter.grad.abs().max()
        for path, parameter in network.named_parameters()
        if parameter.grad is not None
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", list_networks())
def test_no_network_takes_memory_for_gradients(name):
    """Every network of the catalog at every size it accepts, 28 to 8 pixels.

    Some gradients are large in float32 as well: batch norm over few numbers alike divides by
    almost nothing. What lay in memory is NaN here, or beyond anything computed.
    """
    for size in sizes_of(name):
        torch.manual_seed(0)
        network = build(name, entry(name).image[0], 10)
        images = torch.randn(4, entry(name).image[0], size, size)
        plain = largest_gradients(network, images, "float32")
        short = largest_gradients(network, images, "bfloat16")
        assert all(largest.isfinite() for largest in short.values()), f"{name} at {size}"
        assert max(short.values()) < 1000 * max(plain.values()), f"{name} at {size}"
