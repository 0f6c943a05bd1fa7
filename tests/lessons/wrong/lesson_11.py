"""Libraries that are wrong about what units see, what it costs and what counts of it."""

import dataclasses

import numpy as np

from convscope.experiments.paired_difference import measure_difference
from convscope.inspection.receptive_field.unit_field import Box, unit_field
from tests.lessons.wrong import Wrong


def whole_kernels(field, layer):
    return field._replace(
        size=field.size + layer.dilation * layer.kernel * field.stride,
        stride=field.stride * layer.stride,
        start=field.start - layer.padding * field.stride,
    )


def one_pixel_more(graph, layer, unit):
    found = unit_field(graph, layer, unit)
    box = Box(found.box.top, found.box.left, found.box.bottom + 1, found.box.right + 1)
    return dataclasses.replace(found, box=box)


def through_the_border(graph, layer, unit):
    found = unit_field(graph, layer, unit)
    return dataclasses.replace(found, box=found.unclipped)


def half_for_small_kernels(network, batch):
    return 0.5 if network[0].kernel_size == (3, 3) else 1.0


def all_pixels_alike(network, images, layer, unit):
    return np.ones(images.shape[-2:])


def twenty_more(first, second):
    return measure_difference(np.asarray(first) + 20, second)


def exchanged_and_five_points_less(first, second):
    return measure_difference(np.asarray(second) - 5, first)


WRONG = [
    Wrong(
        "kernels count whole, boxes are too large or ignore the border, small kernels take no time",
        {
            "convscope.definitions.counting.ReceptiveField.behind": whole_kernels,
            "convscope.experiments.nested_fields.unit_field": one_pixel_more,
            "convscope.inspection.receptive_field.receptive_field.unit_field": through_the_border,
            "convscope.experiments.kernel_stacks._seconds": half_for_small_kernels,
        },
        turns=[
            "11.growth",
            "11.multiply",
            "11.agree",
            "11.border",
            "11.operations",
            "11.time",
        ],
    ),
    Wrong(
        "all pixels matter alike, first and second are exchanged",
        {
            "convscope.experiments.effective_growth.effective_field": all_pixels_alike,
            "convscope.experiments.measure_difference": exchanged_and_five_points_less,
            "convscope.experiments.short_training.measure_difference": (
                exchanged_and_five_points_less
            ),
        },
        turns=[
            "11.shallow",
            "11.deep",
            "11.effective",
            "11.sigmoid",
            "11.channels",
            "11.deeper",
        ],
    ),
    Wrong(
        "differences are 20 too large",
        {"convscope.experiments.measure_difference": twenty_more},
        turns=["11.trained"],
    ),
]
