"""Libraries that are wrong about paths, depthwise convolutions, networks and searches."""

import torch
from torch import nn

from convscope.experiments.layer_times import trace_macs
from convscope.experiments.paired_difference import measure_difference
from convscope.networks.catalog import build
from tests.lessons.wrong import Wrong

cat = torch.cat


def forgets_the_last(tensors, dim=0):
    return cat(tuple(tensors)[:-1], dim=dim)


def costs_nothing(*arguments, **settings):
    return 0


def pool_without_stride():
    return nn.MaxPool2d(3, stride=1, padding=1)


def exchanged(first, second):
    return measure_difference(second, first)


def twenty_more(first, second):
    return measure_difference([value + 20 for value in first], second)


def a_thousand_for_every_layer(layer, shape):
    return 1000


def time_by_operations(layer, images):
    return trace_macs(layer, tuple(images.shape[1:])) / 1e10


def always_resnet(name, **settings):
    return build("resnet18", **settings)


WRONG = [
    Wrong(
        "the last path isn't stacked",
        {"torch.cat": forgets_the_last},
        turns=["14.stack"],
    ),
    Wrong(
        "convolutions cost nothing when counted by hand",
        {"convscope.experiments.inception_paths.convolution_macs": costs_nothing},
        turns=["14.reduce"],
    ),
    Wrong(
        "poolings keep height and width",
        {"convscope.networks.googlenet._padded_pool": pool_without_stride},
        turns=["14.googlenet"],
    ),
    Wrong(
        "first and second are exchanged in differences",
        {
            "convscope.experiments.short_training.measure_difference": exchanged,
            "convscope.experiments.measure_difference": exchanged,
        },
        turns=["14.paths", "14.one", "14.price", "14.search", "14.flattery"],
    ),
    Wrong(
        "differences are 20 too large",
        {"convscope.experiments.measure_difference": twenty_more},
        turns=["14.clever"],
    ),
    Wrong(
        "every layer takes a thousand operations",
        {"convscope.experiments.layer_times.trace_macs": a_thousand_for_every_layer},
        turns=["14.operations"],
    ),
    Wrong(
        "time is operations",
        {"convscope.experiments.layer_times.measure_seconds": time_by_operations},
        turns=["14.time", "14.clock"],
    ),
    Wrong(
        "every network is a ResNet-18",
        {"convscope.experiments.network_footprints.build": always_resnet},
        turns=["14.mobilenet", "14.kept"],
    ),
]
