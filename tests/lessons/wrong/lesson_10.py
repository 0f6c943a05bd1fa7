"""Libraries that are wrong about pooling, shifts and differences."""

import numpy as np
import torch

from convscope.definitions.pooling import average_pool
from convscope.experiments.paired_difference import measure_difference
from tests.lessons.wrong import Wrong


def mean_at_every_place(x, window, *, padding=0, stride=None):
    return average_pool(x, window, padding=padding, stride=1 if stride is None else stride)


def pool(layer, images):
    return torch.max_pool2d(images, layer.kernel_size, layer.stride, layer.padding)


def brighter_to_the_right_and_mixed(layer, images):
    pooled = pool(layer, images) + images.mean()
    return pooled * torch.linspace(1, 2, pooled.shape[-1], dtype=images.dtype)


def left_where_they_are(images, pixels):
    return images


def twenty_points_more(first, second):
    return measure_difference(np.asarray(first) + 20, second)


def exchanged_and_five_points_less(first, second):
    return measure_difference(np.asarray(second) - 5, first)


DIFFERENCE = "convscope.experiments.moved_comparison.measure_difference"
WRONG = [
    Wrong(
        "max pooling takes the mean, at every place",
        {"convscope.definitions.pooling.max_pool": mean_at_every_place},
        turns=["10.worked", "10.stride"],
    ),
    Wrong(
        "max pooling depends on the column and on all channels; average pooling takes the maximum",
        {
            "torch.nn.MaxPool2d.forward": brighter_to_the_right_and_mixed,
            "torch.nn.AvgPool2d.forward": pool,
        },
        turns=["10.linear", "10.channels", "10.even"],
    ),
    Wrong(
        "images don't move; differences are 20 points too large",
        {
            "convscope.experiments.map_changes.move_images": left_where_they_are,
            "convscope.experiments.moved_answers.move_images": left_where_they_are,
            DIFFERENCE: twenty_points_more,
        },
        turns=["10.map", "10.invariant", "10.global", "10.average"],
    ),
    Wrong(
        "first and second are exchanged, and 5 points lost",
        {DIFFERENCE: exchanged_and_five_points_less},
        turns=["10.small", "10.instead", "10.moved"],
    ),
]
