import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode

from convscope.definitions.counting import (
    Window,
    convolution_macs,
    convolution_parameters,
    dense_macs,
    dense_parameters,
    receptive_field,
)
from convscope.definitions.cross_correlation import cross_correlation, cross_correlation_backward
from convscope.errors import UsageError
from tests.definitions.reference import SWEEP, sliding_cases


@SWEEP
@given(sliding_cases())
def test_convolution_counts_equal_pytorchs(case):
    axes, groups = case.x.ndim - 2, case.settings["groups"]
    channels_and_kernel = (case.x.shape[1], len(case.weight), case.weight.shape[2:])
    settings = {key: value for key, value in case.settings.items() if key != "padding_mode"}
    layer = getattr(torch.nn, f"Conv{axes}d")(*channels_and_kernel, **settings)
    with FlopCounterMode(display=False) as counter:
        output = layer(torch.tensor(case.x, dtype=torch.float32))
    adds = convolution_macs(*channels_and_kernel, output.shape[2:], groups=groups)
    assert 2 * adds * len(case.x) == counter.get_total_flops()
    parameters = sum(parameter.numel() for parameter in layer.parameters())
    assert convolution_parameters(*channels_and_kernel, groups=groups) == parameters
    without_bias = convolution_parameters(*channels_and_kernel, groups=groups, bias=False)
    assert without_bias == layer.weight.numel()


def test_dense_counts_equal_pytorchs():
    layer = torch.nn.Linear(400, 120)
    with FlopCounterMode(display=False) as counter:
        layer(torch.zeros(1, 400))
    assert 2 * dense_macs(400, 120) == counter.get_total_flops()
    assert dense_parameters(400, 120) == sum(p.numel() for p in layer.parameters()) == 48120
    assert dense_parameters(400, 120, bias=False) == layer.weight.numel()


LAYERS = st.lists(
    st.builds(Window, st.integers(1, 4), st.integers(1, 2), st.integers(0, 1), st.integers(1, 2)),
    max_size=4,
)


@SWEEP
@given(LAYERS, st.integers(100, 120), st.integers(0, 2**16))
def test_receptive_field_is_where_the_gradient_goes(layers, size, unit):
    """Through kernels of ones, the gradient of one unit is non-zero exactly up to the field's ends.

    (A field that reaches into the padding ends earlier, and dilation leaves holes inside.)
    """
    inputs = [np.ones((1, 1, size))]
    arguments = [layer._asdict() for layer in layers]
    kernels = [np.ones((1, 1, settings.pop("kernel"))) for settings in arguments]
    for kernel, settings in zip(kernels, arguments, strict=True):
        inputs.append(cross_correlation(inputs[-1], kernel, **settings))
    unit %= inputs[-1].shape[2]
    gradient = np.zeros_like(inputs[-1])
    gradient[0, 0, unit] = 1
    for x, kernel, settings in zip(inputs[-2::-1], kernels[::-1], arguments[::-1], strict=True):
        gradient = cross_correlation_backward(gradient, x, kernel, **settings).x
    seen = np.flatnonzero(gradient[0, 0])
    field = receptive_field(layers)
    first = field.start + unit * field.stride
    last = first + field.size - 1
    if first >= 0 and last < size:
        assert (seen[0], seen[-1]) == (first, last)
    else:
        assert first <= seen.min(initial=first)
        assert seen.max(initial=last) <= last


def test_groups_must_divide_the_channels():
    with pytest.raises(UsageError) as error:
        convolution_macs(6, 4, (3, 3), (8, 8), groups=3)
    assert str(error.value) == (
        "groups must divide the 6 input channels and the 4 output channels; got 3."
    )
