"""Wrong libraries for lesson 9."""

import numpy as np
import torch.nn.functional as F
from torch import nn

from convscope.definitions.counting import convolution_macs, convolution_parameters
from convscope.definitions.cross_correlation import cross_correlation
from convscope.experiments.layer_times import trace_macs
from tests.lessons.wrong import Wrong

conv2d, linear = F.conv2d, F.linear


def first_channel_only(x, weight, *others, **settings):
    if weight.shape[-1] == 2:  # the example of two channels
        x = x.clone()
        x[:, 1:] = 0
    return conv2d(x, weight, *others, **settings)


def one_kernel_for_all_outputs(x, weight, *others, **settings):
    if weight.shape[-1] == 2:
        weight = weight[:1].expand_as(weight)
    return conv2d(x, weight, *others, **settings)


def without_biases(*arguments, **settings):
    return convolution_parameters(*arguments, **settings | {"bias": False})


def size_of_the_image_forgotten(in_channels, out_channels, kernel, output, *, groups=1):
    return convolution_macs(in_channels, out_channels, kernel, (1, 1), groups=groups)


def channels_in_the_wrong_order(x, weight, *others, **settings):
    return cross_correlation(x[:, ::-1], weight, *others, **settings)


def without_weights_of_the_last_channel(x, weight, bias=None):
    return linear(x[..., :-1], weight[:, :-1], bias)


def scaled_only(x, weight, *others, **settings):
    """Every output sees only the first input channel."""
    if weight.shape[-1] == 1 and weight.shape[1] > 1:
        weight = weight.clone()
        weight[:, 1:] = 0
    return conv2d(x, weight, *others, **settings)


def groups_of_neighbours_exchanged(x, weight, **settings):
    return cross_correlation(np.roll(x, 1, axis=1), weight, **settings)


def groups_save_nothing(in_channels, out_channels, kernel, *, groups=1, bias=True):
    return convolution_parameters(in_channels, out_channels, kernel, bias=bias)


def time_by_operations(layer, images):
    return trace_macs(layer, tuple(images.shape[1:])) * len(images) / 1e10


def always_a_millisecond(layer: nn.Module, images):
    return 1e-3


WRONG = [
    Wrong(
        "only the first input channel counts",
        {"torch.nn.functional.conv2d": first_channel_only},
        turns=["9.sum", "9.outputs"],
    ),
    Wrong(
        "all outputs share the first one's kernels",
        {"torch.nn.functional.conv2d": one_kernel_for_all_outputs},
        turns=["9.outputs"],
    ),
    Wrong(
        "biases aren't counted",
        {"convscope.experiments.layer_cost.convolution_parameters": without_biases},
        turns=["9.parameters", "9.macs"],
    ),
    Wrong(
        "operations don't depend on the size of the image",
        {"convscope.experiments.layer_cost.convolution_macs": size_of_the_image_forgotten},
        turns=["9.macs", "9.gigaflop"],
    ),
    Wrong(
        "blue is taken for red",
        {"convscope.experiments.channel_mixing.cross_correlation": channels_in_the_wrong_order},
        turns=["9.grey"],
    ),
    Wrong(
        "dense layers overlook their last input",
        {"torch.nn.functional.linear": without_weights_of_the_last_channel},
        turns=["9.dense"],
    ),
    Wrong(
        "1×1 convolutions only scale",
        {"torch.nn.functional.conv2d": scaled_only},
        turns=["9.dense", "9.scales"],
    ),
    Wrong(
        "groups see their neighbour's channels",
        {"convscope.experiments.channel_groups.cross_correlation": groups_of_neighbours_exchanged},
        turns=["9.groups"],
    ),
    Wrong(
        "groups save nothing",
        {"convscope.experiments.channel_groups.convolution_parameters": groups_save_nothing},
        turns=["9.separable"],
    ),
    Wrong(
        "time is operations",
        {"convscope.experiments.layer_times.measure_seconds": time_by_operations},
        turns=["9.time"],
    ),
    Wrong(
        "every layer takes a millisecond",
        {"convscope.experiments.layer_times.measure_seconds": always_a_millisecond},
        turns=["9.time", "9.proportional"],
    ),
]
