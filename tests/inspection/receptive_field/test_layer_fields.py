"""The fields of layers agree with those of their units, and with the figures of the literature."""

import math
import random

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import nn

from convscope.errors import UsageError
from convscope.graph.capture import capture
from convscope.inspection.open.network import open_for_shape
from convscope.inspection.receptive_field.layer_fields import LayerField, layer_fields
from convscope.inspection.receptive_field.unit_field import unit_field
from convscope.inspection.trace.table import sight
from convscope.inspection.trace.trace import trace
from tests.inspection import odd_networks as odd
from tests.inspection.linear import Linearized

CHAINS = ["lenet", "alexnet", "vgg11-bn", "nin", "resnet18", "resnet50", "mobilenet-v2", "resnet9"]
STACKS = ["googlenet", "googlenet-torchvision", "densenet"]


def fields(network, shape=None):
    module, image = open_for_shape(network, shape)
    graph = capture(module, image)
    return graph, {node.name: field for node, field in layer_fields(graph).items()}


# The sizes for AlexNet, VGG-16 and MobileNet stand in Araujo, Norris and Sim, 2019, table 1; the
# others, and where fields start, are counted by hand.
@pytest.mark.parametrize(
    ("network", "layer", "size", "stride", "start"),
    [
        ("resnet18", "layer4", 435, 32, -217),
        ("resnet50", "layer4", 427, 32, -213),
        pytest.param("resnet152", "layer4", 1451, 32, -725, marks=pytest.mark.slow),
        ("vgg16", "features.30", 212, 32, -90),
        ("mobilenet-v1", "features.15", 315, 32, -157),
        ("alexnet-torchvision", "features.12", 195, 32, -66),
        ("lenet", "features.pool2", 16, 4, -2),
        ("googlenet", "inception3b", 91, 8, -45),
    ],
)
def test_known_fields(network, layer, size, stride, start):
    graph, found = fields(network)
    field = found[graph[layer].name]
    assert (field.size, field.stride) == ((size, size), (stride, stride))
    assert field.start == (start, start)
    assert not field.whole_image


@pytest.mark.parametrize("name", CHAINS + STACKS)
def test_units_see_what_their_layer_says(name):
    graph, found = fields(name)
    chosen = random.Random(1)
    maps = [node for node in graph if node.name in found and found[node.name].stride is not None]
    for node in chosen.choices(maps, k=12):
        field = found[node.name]
        unit = tuple(chosen.randrange(size) for size in node.shape[1:])
        seen = unit_field(graph, node, unit).unclipped
        top, left = (
            start + index * stride
            for start, index, stride in zip(field.start, unit[1:], field.stride, strict=True)
        )
        bottom, right = top + field.size[0] - 1, left + field.size[1] - 1
        if name in CHAINS:
            assert (seen.top, seen.left, seen.bottom, seen.right) == (top, left, bottom, right)
        else:  # a channel of stacked maps sees what its own branch sees
            assert top <= seen.top
            assert left <= seen.left
            assert seen.bottom <= bottom
            assert seen.right <= right


def test_from_the_dense_layers_on_all_is_seen():
    _, found = fields("lenet")
    assert found["flatten"].size == (16, 16)
    assert found["flatten"].stride is None
    assert not found["flatten"].whole_image
    assert found["classifier.dense1"].size == (32, 32)  # 28 and twice the padding
    assert found["classifier.dense1"].whole_image
    assert found["classifier.dense3"].whole_image


def test_a_image_that_is_not_seen_to_its_border():
    network = nn.Sequential(nn.MaxPool2d(2), nn.AdaptiveAvgPool2d(1))
    _, found = fields(network, (1, 9, 9))
    assert found["1"].size == (8, 8)
    assert not found["1"].whole_image


def test_gates_and_statistics_of_the_image_make_units_see_everything():
    _, found = fields(odd.Shuffled(), (3, 17, 17))
    assert found["SiLU"].size == (11, 11)
    assert found["product"].whole_image
    network = nn.Sequential(nn.Conv2d(1, 4, 3), nn.GroupNorm(2, 4))
    _, found = fields(network, (1, 9, 9))
    assert not found["0"].whole_image
    assert found["1"].whole_image


def test_moved_axes_are_followed():
    class Turned(nn.Module):
        def forward(self, x):
            x = torch.nn.functional.max_pool2d(x, (3, 1))
            x = x.transpose(2, 3)[:, :, 2:]
            return torch.nn.functional.avg_pool2d(x, (2, 1))

    _, found = fields(Turned(), (1, 12, 14))
    assert found["average_pooling"].size == (3, 2)
    assert found["average_pooling"].stride == (3, 2)
    assert found["average_pooling"].start == (0, 2)


def test_irregular_pooling_has_no_stride():
    _, found = fields(nn.Sequential(nn.AdaptiveAvgPool2d(4)), (1, 10, 10))
    assert found["0"].stride is None
    assert found["0"].size == (3, 3)  # rows 0 to 2, 2 to 4, 5 to 7 and 7 to 9


def test_a_function_that_is_not_known_is_taken_to_see_everything():
    class Fourier(nn.Module):
        def forward(self, x):
            return torch.fft.fft2(x).abs()

    _, found = fields(Fourier(), (1, 8, 8))
    assert found["absolute_value"].whole_image


MOVED = st.sampled_from(
    [
        nn.PixelShuffle(2),
        nn.PixelUnshuffle(2),
        nn.ZeroPad2d((1, 0, 2, 1)),
        nn.ReflectionPad2d((1, 2, 0, 1)),
        nn.ReplicationPad2d(1),
        nn.Upsample(scale_factor=2),
        nn.Upsample(scale_factor=2, mode="bilinear"),
        nn.AdaptiveAvgPool2d((5, 4)),
        nn.ConvTranspose2d(4, 4, 3, stride=2),
        nn.ConvTranspose2d(4, 4, 2, stride=2, padding=1),
        nn.ConvTranspose2d(4, 4, (3, 2), stride=(1, 3)),
        nn.Conv2d(4, 4, 3),
        nn.Conv2d(4, 4, 3, padding=1, padding_mode="circular"),
        nn.Conv2d(4, 4, (3, 2), padding=1, padding_mode="reflect"),
        nn.Conv2d(4, 4, 2, stride=2),
        nn.Flatten(2),
    ]
)


def gradient_ranges(graph, node):
    """[first, last] row and column with a gradient, of each unit that has one, by its index."""
    found = {}
    for unit in np.ndindex(*node.shape[1:]):
        seed = torch.zeros(node.shape, dtype=node.dtype)
        seed[(0, *unit)] = 1
        (gradient,) = graph.gradients(node, [graph.input], seed)
        rows, columns = gradient[0].abs().sum(0).numpy().nonzero()
        if len(rows):
            found[unit] = (rows.min(), rows.max()), (columns.min(), columns.max())
    return found


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(layers=st.lists(MOVED, min_size=1, max_size=3), size=st.tuples(*[st.integers(6, 9)] * 2))
def test_fields_are_the_pixels_that_have_a_gradient(layers, size):
    network = nn.Sequential(nn.Conv2d(1, 4, 1), *layers)
    with Linearized():
        try:
            image = torch.rand(1, 1, *size, dtype=torch.float64)
            graph = capture(network.double(), image, gradients=True)
        except UsageError:
            assume(False)  # what comes before doesn't have the channels or the size
    node = graph.output
    assume(math.prod(node.shape) <= 1500)
    assume(node is not graph.input)
    field = layer_fields(graph)[node]
    assert field.is_known
    ranges = gradient_ranges(graph, node)
    wraps = any(getattr(layer, "padding_mode", "") == "circular" for layer in layers)
    for axis in range(2):
        largest = max(each[axis][1] - each[axis][0] + 1 for each in ranges.values())
        if field.stride is None:
            assert largest <= field.size[axis] or wraps
            if not any(hasattr(layer, "padding") for layer in layers):
                assert largest == field.size[axis]
            continue
        for unit, each in ranges.items():
            place = unit[-2:][axis] if len(unit) == 3 else None
            if place is None or wraps:
                continue
            first = field.start[axis] + place * field.stride[axis]
            last = first + field.size[axis] - 1
            if not any("Pad" in type(layer).__name__ for layer in layers) and (
                first >= 0 and last < size[axis]
            ):
                assert each[axis] == (first, last)


@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate", "circular"])
def test_padding_of_every_kind_lets_units_see_their_window(mode):
    network = nn.Conv2d(1, 8, 3, padding=1, padding_mode=mode)
    _, found = fields(network, (1, 28, 28))
    assert found["convolution"] == LayerField((3, 3), (1, 1), (-1, -1), whole_image=False)


def test_windows_that_are_unfolded_and_multiplied_see_what_a_convolution_sees():
    class Unfolded(nn.Module):
        def forward(self, x):
            return torch.ones(2, 9) @ torch.nn.functional.unfold(x, 3)

    _, found = fields(Unfolded(), (1, 9, 9))
    assert found["reordering"].size == (1, 1)
    assert found["matrix_product"].size == (3, 3)


def test_what_cannot_be_known_is_said_to_be_unknown():
    class Sorted(nn.Module):
        def forward(self, x):
            return nn.functional.relu(x.sort(2)[0])

    _, found = fields(Sorted(), (1, 8, 8))
    assert not found["sort"].is_known
    assert not found["ReLU"].is_known  # and what follows
    traced = trace(Sorted(), (1, 8, 8))
    assert [sight(row) for row in traced.layers] == ["unknown"] * len(traced.layers)
