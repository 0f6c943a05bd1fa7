"""The matrix way gives what PyTorch's convolution gives, outputs and gradients.

Tests runtime/convolution_plan.py.
"""

import copy

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

import convscope as cs
from convscope.runtime.convolution_plan import make_plan, record_layers, use_plan
from convscope.runtime.matrix_convolution import DIRECTIONS, ConvolutionLayer
from tests.conftest import slow

SMALL = st.integers(1, 4)


@given(
    count=SMALL,
    channels=SMALL,
    outputs=SMALL,
    kernel=st.tuples(SMALL, SMALL),
    extra=st.tuples(st.integers(0, 4), st.integers(0, 4)),
    stride=st.sampled_from([(1, 1), (2, 2), (1, 3)]),
    padding=st.tuples(st.integers(0, 2), st.integers(0, 2)),
    bias=st.booleans(),
    channels_last=st.booleans(),
    directions=st.lists(st.sampled_from(DIRECTIONS), unique=True),
)
def test_equals_pytorch(
    count, channels, outputs, kernel, extra, stride, padding, bias, channels_last, directions
):
    if stride != (1, 1) or padding[0] >= kernel[0] or padding[1] >= kernel[1]:
        directions = [name for name in directions if name != "input gradient"]
    layout = torch.channels_last if channels_last else torch.contiguous_format
    size = [k + more for k, more in zip(kernel, extra, strict=True)]
    images = torch.randn(count, channels, *size, dtype=torch.float64).to(memory_format=layout)
    kernels = torch.randn(outputs, channels, *kernel, dtype=torch.float64)
    shift = torch.randn(outputs, dtype=torch.float64) if bias else None
    inputs = [t.requires_grad_() for t in (images, kernels, shift) if t is not None]
    expected = F.conv2d(images, kernels, shift, stride, padding)
    layer = ConvolutionLayer(
        tuple(images.shape[1:]), tuple(kernels.shape), stride, padding, torch.float64
    )
    with use_plan({str(layer): directions}):
        got = F.conv2d(images, kernels, shift, stride, padding)
    assert not directions or "MatrixConvolution" in type(got.grad_fn).__name__
    torch.testing.assert_close(got, expected)
    weights = torch.randn_like(expected)
    torch.testing.assert_close(
        torch.autograd.grad(got, inputs, weights), torch.autograd.grad(expected, inputs, weights)
    )


def test_other_convolutions_pass_through():
    images = torch.randn(2, 4, 9, 9)
    cases = [
        (nn.Conv2d(4, 4, 3, groups=4), images),
        (nn.Conv2d(4, 6, 3, dilation=2), images),
        (nn.Conv2d(4, 6, 3, padding="same"), images),
        (nn.Conv2d(4, 6, 3, padding=1, padding_mode="reflect"), images),
        (nn.Conv1d(4, 6, 3), images[:, :, 0]),
        (nn.Conv2d(4, 6, 3), images[0]),
    ]
    for layer, x in cases:
        expected = layer(x)
        found = ConvolutionLayer(
            (4, 9, 9), tuple(layer.weight.shape), (1, 1), (0, 0), torch.float32
        )
        with use_plan({str(found): ["forward"]}):
            got = layer(x)
        assert torch.equal(got, expected)
        assert "MatrixConvolution" not in type(got.grad_fn).__name__


def test_numbers_in_sequences_are_understood():
    images, kernels = torch.randn(1, 2, 6, 6), torch.randn(3, 2, 3, 3)
    with use_plan({}):
        got = F.conv2d(images, kernels, stride=[2], padding=(1,), dilation=(1,))
    assert torch.equal(got, F.conv2d(images, kernels, stride=2, padding=1))


@pytest.mark.parametrize("name", ["resnet18-32px", "googlenet-32px", *slow("densenet121-32px")])
def test_a_network_gives_the_same_with_every_layer_by_matrices(name):
    torch.manual_seed(0)
    network = cs.build(name, 1, 10).double()
    images, labels = torch.randn(3, 1, 16, 16, dtype=torch.float64), torch.arange(3)
    layers = set()
    with record_layers(layers):
        copy.deepcopy(network)(images)
    plan = {
        str(layer): list(DIRECTIONS if layer.stride == (1, 1) else ("forward", "weight gradient"))
        for layer in layers
    }
    gradients = []
    for each in ({}, plan):
        trained = copy.deepcopy(network)
        torch.manual_seed(1)  # the same dropout
        with use_plan(each):
            F.cross_entropy(trained(images), labels).backward()
        gradients.append([p.grad for p in trained.parameters()])
    assert layers
    torch.testing.assert_close(gradients[0], gradients[1])


def test_under_autocast_weights_keep_their_type():
    layer = nn.Conv2d(8, 8, 3, padding=1)
    images = torch.randn(4, 8, 3, 3)
    layers = set()
    with torch.autocast("cpu", torch.bfloat16), record_layers(layers):
        expected = layer(images)
    (found,) = layers
    assert found.dtype == torch.bfloat16
    with torch.autocast("cpu", torch.bfloat16), use_plan({str(found): list(DIRECTIONS)}):
        got = layer(images)
    assert got.dtype == torch.bfloat16
    torch.testing.assert_close(got, expected, rtol=0.02, atol=0.02)
    got.float().sum().backward()
    assert layer.weight.grad.dtype == torch.float32


def test_only_small_maps_are_measured():
    large = ConvolutionLayer((4, 32, 32), (4, 4, 3, 3), (1, 1), (1, 1), torch.float32)
    pointwise = ConvolutionLayer((4, 2, 2), (4, 4, 1, 1), (1, 1), (0, 0), torch.float32)
    assert make_plan([large, pointwise], 2) == {}


def test_a_plan_names_layers_and_directions(monkeypatch, tmp_path):
    monkeypatch.setenv("CONVSCOPE_CACHE", str(tmp_path))
    layer = ConvolutionLayer((64, 3, 3), (64, 64, 3, 3), (1, 1), (1, 1), torch.float32)
    assert str(layer) == "64×3×3 * 64×64×3×3 stride (1, 1) padding (1, 1) torch.float32"
    times = iter([3.0, 1.0, 1.0, 1.0, 1.0, 3.0])
    monkeypatch.setattr(
        "convscope.runtime.convolution_plan._seconds", lambda compute: (compute(), next(times))[1]
    )
    assert make_plan([layer], 2) == {str(layer): ["forward"]}
    # Measured once: the six times are used up, and asking for another would fail.
    assert make_plan([layer], 2) == {str(layer): ["forward"]}
    (tmp_path / "convolutions.json").write_text('{"a machine": {"a layer": ["__import__"]}}')
    times = iter([1.0] * 6)
    assert make_plan([layer], 2) == {}
