"""Wrong libraries for lesson 8."""

import numpy as np
import torch
import torch.nn.functional as F

from convscope.definitions.cross_correlation import cross_correlation_backward
from convscope.definitions.windows import output_size, pad
from convscope.errors import UsageError
from convscope.experiments.paired_difference import PairedDifference
from convscope.experiments.uneven_padding import same_padding
from convscope.inspection.trace.trace import trace
from tests.lessons.wrong import Wrong

conv1d, conv2d = F.conv1d, F.conv2d


def padding_of_one_side_is_both(size, kernel, *, total_padding=0, **others):
    try:
        return output_size(size, kernel, total_padding=total_padding // 2, **others)
    except UsageError:  # no window fits any more
        return 0


def half_of_the_padding(*x, padding=0, **others):
    if len(x) > 2:  # a layer calls
        return conv2d(*x, **others)
    halved = tuple(p // 2 for p in padding) if isinstance(padding, tuple) else padding // 2
    try:
        return conv2d(*x, padding=halved, **others)
    except RuntimeError:  # no window fits any more
        return torch.zeros(1, 1, 1, 1)


def one_pixel_more(*x, padding=0, **others):
    if len(x) > 2:  # a layer calls
        return conv2d(*x, **others)
    return conv2d(*x, padding=padding + 1 if isinstance(padding, int) else padding, **others)


def cross_correlation_backward_of_wrapped_windows(gradient, x, weight, **settings):
    """As if each window that leaves the image came in again on the other side."""
    found = cross_correlation_backward(gradient, x, weight, **settings)
    return found._replace(x=np.full_like(found.x, found.x.mean().round()))


def odd_zero_on_both_sides(size, kernel, stride=1, side="behind"):
    more = max(same_padding(size, kernel, stride, side))
    return more, more


def zeros_that_do_not_mind_the_stride(size, kernel, stride=1, side="behind"):
    return same_padding(size, kernel, 1, side)


def same_before(x, weight, padding=0, **others):
    if padding == "same":
        zeros = weight.shape[-1] - 1
        return conv1d(F.pad(x, (zeros - zeros // 2, zeros // 2)), weight, **others)
    return conv1d(x, weight, padding=padding, **others)


def same_with_all_zeros_before(x, weight, padding=0, **others):
    if padding == "same":
        return conv1d(F.pad(x, (weight.shape[-1] - 1, 0)), weight, **others)
    return conv1d(x, weight, padding=padding, **others)


def spread_one_too_far(weight, dilation):
    height, width = ((dilation + 1) * (n - 1) + 1 for n in np.shape(weight)[-2:])
    spread = np.zeros((*np.shape(weight)[:-2], height, width))
    spread[..., :: dilation + 1, :: dilation + 1] = weight
    return spread


def spread_with_copies(weight, dilation):
    """Fills the gaps with the weights themselves."""
    weight = np.repeat(np.repeat(weight, dilation, axis=-1), dilation, axis=-2)
    cut = dilation - 1
    return weight[..., : weight.shape[-2] - cut, : weight.shape[-1] - cut]


def padding_everywhere(x, padding, mode="zeros", outside=0.0):
    return pad(x, padding, mode, outside) + {"zeros": 0, "reflect": 1}.get(mode, 2)


def padding_that_never_shows(x, padding, mode="zeros", outside=0.0):
    return pad(x, padding, "replicate")


def traced_without_padding(network, shape=None):
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d):
            module.padding = "valid"
    return trace(network, shape)


def always_worse(first, second):
    return PairedDifference(-3.0, -4.0, -2.0, len(first))


WRONG = [
    Wrong(
        "convolutions pad one pixel more on each side",
        {"torch.nn.functional.conv2d": one_pixel_more},
        turns=["8.shrink"],
    ),
    Wrong(
        "all pixels are seen by equally many windows",
        {
            "convscope.experiments.pixel_visits.cross_correlation_backward": (
                cross_correlation_backward_of_wrapped_windows
            )
        },
        turns=["8.corner", "8.unseen"],
    ),
    Wrong(
        "the formula takes the padding of one side for that of both",
        {"convscope.experiments.output_sizes.output_size": padding_of_one_side_is_both},
        turns=["8.sizes"],
    ),
    Wrong(
        "the framework pads half as much",
        {"torch.nn.functional.conv2d": half_of_the_padding},
        turns=["8.sizes", "8.both_sides"],
    ),
    Wrong(
        "the odd zero is added on both sides",
        {"convscope.experiments.uneven_padding.same_padding": odd_zero_on_both_sides},
        turns=["8.sides", "8.odd_even"],
    ),
    Wrong(
        "PyTorch adds the odd zero before",
        {"torch.nn.functional.conv1d": same_before},
        turns=["8.sides"],
    ),
    Wrong(
        "the zeros that are needed don't depend on the stride",
        {"convscope.experiments.uneven_padding.same_padding": zeros_that_do_not_mind_the_stride},
        turns=["8.odd_even"],
    ),
    Wrong(
        "PyTorch adds all zeros before",
        {"torch.nn.functional.conv1d": same_with_all_zeros_before},
        turns=["8.drift"],
    ),
    Wrong(
        "dilation spreads one pixel too far",
        {"convscope.experiments.dilation.spread_kernel": spread_one_too_far},
        turns=["8.dilation"],
    ),
    Wrong(
        "dilation leaves no gaps",
        {"convscope.experiments.dilation.spread_kernel": spread_with_copies},
        turns=["8.dilation", "8.holes"],
    ),
    Wrong(
        "padding changes the image itself",
        {"convscope.experiments.padding_modes.pad": padding_everywhere},
        turns=["8.modes"],
    ),
    Wrong(
        "padding leaves no trace",
        {"convscope.experiments.border_reach.pad": padding_that_never_shows},
        turns=["8.reach"],
    ),
    Wrong(
        "operations on padding aren't counted",
        {"convscope.trace": traced_without_padding},
        turns=["8.cost"],
    ),
    Wrong(
        "every difference is minus three points",
        {"convscope.experiments.short_training.measure_difference": always_worse},
        turns=["8.zeros", "8.deep", "8.kernels"],
    ),
]
