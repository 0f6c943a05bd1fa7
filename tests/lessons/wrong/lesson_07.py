"""Libraries that are wrong about sums, flips, strides and gradients."""

import numpy as np
import torch

from convscope.definitions.convolution import convolution
from convscope.definitions.cross_correlation import (
    cross_correlation_2d,
    cross_correlation_3d,
    cross_correlation_backward,
)
from tests.lessons.wrong import Wrong

conv2d = torch.nn.functional.conv2d


def convolution_that_does_not_flip(f, g, t, *, start, stop, intervals):
    width = (stop - start) / intervals
    tau = start + width * (np.arange(intervals) + 0.5)
    return (f(tau) * g(tau - np.asarray(t, float)[..., None])).sum(-1) * width


def flipping_framework(x, weight, *args, **settings):
    return conv2d(x, weight.flip(2, 3), *args, **settings)


def stride_ignored(x, weight, bias=None, **settings):
    y = cross_correlation_2d(x, weight, bias, **settings | {"stride": 1})
    rows, columns = cross_correlation_2d(x, weight, bias, **settings).shape[2:]
    return y[:, :, :rows, :columns]


def off_by_one(x, weight, bias=None, **settings):
    return cross_correlation_2d(x, weight, bias, **settings) + 1


def convolution_off_by_a_pixel(x, weight, bias=None, **settings):
    return np.roll(convolution(x, weight, bias, **settings), 1, axis=3)


def gradient_of_a_flipped_kernel(*arguments, **settings):
    right = cross_correlation_backward(*arguments, **settings)
    return right._replace(weight=right.weight[..., ::-1])


def no_order_in_time(x, weight, bias=None, **settings):
    mean = np.broadcast_to(np.mean(weight, axis=2, keepdims=True), np.shape(weight))
    return cross_correlation_3d(x, mean, bias, **settings)


WRONG = [
    Wrong(
        "nothing is flipped",
        {
            "convscope.experiments.eating.continuous_convolution": convolution_that_does_not_flip,
            "convscope.definitions.convolution.flip": lambda weight: weight,
            "convscope.experiments.mirrored_training.turn": lambda images: images,
        },
        ["7.sum", "7.flip", "7.mirrored", "7.same_start"],
    ),
    Wrong(
        "the framework flips, and other things are off",
        {
            "torch.nn.functional.conv2d": flipping_framework,
            "convscope.experiments.flip.convolution": convolution_off_by_a_pixel,
            "convscope.inspection.kernels.apply.cross_correlation_2d": off_by_one,
            "convscope.experiments.learned_kernel.cross_correlation_backward": (
                gradient_of_a_flipped_kernel
            ),
            "convscope.experiments.motion.cross_correlation_3d": no_order_in_time,
        },
        ["7.products", "7.framework", "7.symmetric", "7.even", "7.learned", "7.noise", "7.slices",
         "7.motion"],
    ),
    Wrong(
        "a true convolution sees nothing",
        {"convscope.experiments.mirrored_training.turn": lambda images: 0 * images},
        ["7.mirrored", "7.average"],
    ),
    Wrong(
        "strides are ignored",
        {
            "convscope.experiments.sliding.cross_correlation_2d": stride_ignored,
        },
        ["7.published"],
    ),
    Wrong(
        "sums are off by one",
        {"convscope.experiments.sliding.cross_correlation_2d": off_by_one},
        ["7.products", "7.edge", "7.series"],
    ),
    Wrong(
        "stripes in any direction are noise",
        {
            "convscope.experiments.striped_images": lambda direction, **settings: (
                np.random.default_rng(0).random((4, 20, 20))
            )
        },
        ["7.stripes"],
    ),
]  # fmt: skip
