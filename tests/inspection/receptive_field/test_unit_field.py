"""No pixel outside a unit's receptive field matters to it, and those at its border can.

Tests graph/region.py, inspection/receptive_field/unit_ranges.py.
"""

import random
import zlib

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import nn

from convscope.errors import UsageError
from convscope.graph.capture import capture
from convscope.inspection.receptive_field.unit_field import Box, unit_field
from convscope.networks.catalog import build, entry, list_networks
from tests.inspection import odd_networks as odd
from tests.inspection.linear import Linearized
from tests.networks.test_contract import LEAST, LIGHT, TWINS, cases

UNITS = 8  # tried of each network


def narrow(name):
    """The network with few channels, and an image large enough for units not to see all of it."""
    arguments = entry(name).arguments
    width = 8 if name in ("resnet9", "stack") else 0.125
    settings = {"width": width} if "width" in arguments else {}
    size = max(LEAST.get(name, 0), 28 if name in (*LIGHT, *TWINS) and "dense" in name else 72)
    settings |= {"size": size} if "size" in arguments else {}
    return build(name, 1, **settings), size


def gradient(graph, node, unit):
    """(height, width): whether the unit's gradient by the pixel is other than zero."""
    seed = torch.zeros(node.shape, dtype=node.dtype)
    seed[(0, *unit)] = 1
    (found,) = graph.gradients(node, [graph.input], seed)
    return found[0].abs().sum(0).numpy()


def random_units(graph, seed, count=UNITS):
    chosen = random.Random(seed)
    nodes = [node for node in graph.nodes[1:] if node.edge is not None and node.shape]
    for node in chosen.sample(nodes, min(count, len(nodes))):
        yield node, tuple(chosen.randrange(size) for size in node.shape[1:])


def assert_exact(graph, node, unit):
    """Of a linear twin: the rows and columns of the field are those with a gradient."""
    field = unit_field(graph, node, unit)
    matters = gradient(graph, node, unit) > 0
    assert not matters[~field.rows].any()
    assert not matters[:, ~field.columns].any()
    np.testing.assert_array_equal(matters.any(axis=1), field.rows, err_msg=f"{node} {unit}")
    np.testing.assert_array_equal(matters.any(axis=0), field.columns, err_msg=f"{node} {unit}")
    box = field.box
    assert field.rows[[box.top, box.bottom]].all()
    assert field.columns[[box.left, box.right]].all()
    assert field.unclipped.top <= box.top <= box.bottom <= field.unclipped.bottom
    assert field.unclipped.left <= box.left <= box.right <= field.unclipped.right


@pytest.mark.parametrize("name", cases(list_networks()))
def test_fields_of_the_catalog_are_exact(name):
    network, size = narrow(name)
    seed = zlib.crc32(name.encode())
    image = torch.rand(
        1, 1, size, size, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)
    )
    with Linearized():
        graph = capture(network, image, gradients=True)
        for node, unit in random_units(graph, seed):
            assert_exact(graph, node, unit)


@pytest.mark.parametrize("name", ["lenet-bn", "googlenet-32px", "resnet18-32px", "densenet-32px"])
def test_no_pixel_outside_matters_to_the_network_itself(name):
    network = build(name, 1)
    graph = capture(network, torch.rand(1, 1, 28, 28), gradients=True)
    for node, unit in random_units(graph, zlib.crc32(name.encode())):
        field = unit_field(graph, node, unit)
        matters = gradient(graph, node, unit) != 0
        assert not matters[~field.rows].any()
        assert not matters[:, ~field.columns].any()


window = st.builds(
    dict,
    kernel_size=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    stride=st.tuples(st.integers(1, 3), st.integers(1, 3)),
)


@st.composite
def layer(draw):
    sizes = draw(window)
    kind = draw(st.sampled_from(["convolution", "transposed", "pooling", "adaptive", "pad", "cut"]))
    padding = tuple(draw(st.integers(0, k // 2)) for k in sizes["kernel_size"])
    if kind == "convolution":
        dilation = (draw(st.integers(1, 3)), draw(st.integers(1, 3)))
        groups = draw(st.sampled_from([1, 2]))
        return nn.Conv2d(4, 4, **sizes, padding=padding, dilation=dilation, groups=groups)
    if kind == "transposed":
        return nn.ConvTranspose2d(4, 4, **sizes, padding=padding, groups=2)
    if kind == "pooling":
        make = draw(st.sampled_from([nn.MaxPool2d, nn.AvgPool2d]))
        return make(**sizes, padding=padding, ceil_mode=draw(st.booleans()))
    if kind == "adaptive":
        return nn.AdaptiveAvgPool2d((draw(st.integers(1, 7)), draw(st.integers(1, 7))))
    if kind == "pad":
        mode = draw(st.sampled_from(["constant", "reflect", "replicate", "circular"]))
        amounts = tuple(draw(st.integers(0, 2)) for _ in range(4))
        return Function(lambda x: F.pad(x, amounts, mode=mode))
    top, left = draw(st.integers(0, 2)), draw(st.integers(0, 2))
    return Function(lambda x: x[:, :, top:, left:].transpose(2, 3))


class Function(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


class Both(nn.Module):
    """Two branches, concatenated, of which some channels go on."""

    def __init__(self, *layers):
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def forward(self, x):
        return torch.cat([layer(x) for layer in self.layers], dim=1)[:, 2:6]


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_fields_of_random_stacks_are_exact(data):
    stem = nn.Conv2d(1, 4, 1)
    stack = [stem, *data.draw(st.lists(layer(), min_size=1, max_size=4))]
    if data.draw(st.booleans()):
        stack.append(Both(nn.Conv2d(4, 4, 3, padding=1), nn.Identity()))
    network = nn.Sequential(*stack)
    size = (data.draw(st.integers(10, 24)), data.draw(st.integers(10, 24)))
    with Linearized():
        try:
            image = torch.rand(1, 1, *size, dtype=torch.float64)
            graph = capture(network, image, gradients=True)
        except UsageError as error:
            # A window, or padding, is larger than the input; or nothing is left of it.
            words = ("size", "but got input shape", "wrapping around more than once")
            too_small = any(each in str(error) for each in words)
            assume(not too_small)
            raise
    node = graph.output
    assume(all(node.shape))
    unit = tuple(data.draw(st.integers(0, extent - 1)) for extent in node.shape[1:])
    if gradient(graph, node, unit).any():
        assert_exact(graph, node, unit)
    else:  # it sees nothing but padding
        with pytest.raises(UsageError, match="sees no pixel of the image"):
            unit_field(graph, node, unit)


@pytest.mark.parametrize("name", ["Shuffled", "Recurrent", "Written"])
def test_fields_of_odd_networks(name):
    network = getattr(odd, name)()
    channels = 3 if name == "Shuffled" else 1
    graph = capture(network, torch.rand(1, channels, 17, 17), gradients=True)
    for node, unit in random_units(graph, 4, count=30):
        field = unit_field(graph, node, unit)
        matters = gradient(graph, node, unit) != 0
        assert not matters[~field.rows].any()
        assert not matters[:, ~field.columns].any()


def test_a_gated_unit_sees_everything_and_a_plain_half_only_its_window():
    graph = capture(odd.Shuffled(), (3, 17, 17))
    assert unit_field(graph, "split", (0, 4, 4)).box == Box(7, 7, 9, 9)
    assert unit_field(graph, "concatenation", (0, 4, 4)).box == Box(7, 7, 9, 9)
    assert unit_field(graph, "concatenation", (5, 4, 4)).box == Box(0, 0, 16, 16)


def test_the_concatenated_channels_of_an_inception_block_see_what_their_branch_sees():
    graph = capture(build("googlenet"), (1, 96, 96))
    sizes = {
        channel: unit_field(graph, "inception3a.concatenation", (channel, 5, 5)).unclipped.size
        for channel in (0, 64, 192, 224)
    }
    # each step of the maps is 8 pixels: 1×1, 3×3, 5×5, and pooling 3×3
    assert sizes == {0: (27, 27), 64: (43, 43), 192: (59, 59), 224: (43, 43)}


def test_dilation_leaves_gaps():
    network = nn.Sequential(nn.Conv2d(1, 1, 3, dilation=2, padding=1))
    field = unit_field(capture(network, (1, 9, 9)), "0", (0, 0, 3))
    assert field.rows.nonzero()[0].tolist() == [1, 3]
    assert field.columns.nonzero()[0].tolist() == [2, 4, 6]
    assert field.box == Box(1, 2, 3, 6)
    assert field.unclipped == Box(-1, 2, 3, 6)


def test_stacked_3x3_convolutions_see_2n_plus_1_and_as_far_as_half_as_many_5x5():
    def sight(count, kernel):
        layers = [nn.Conv2d(1, 1, kernel, padding=kernel // 2) for _ in range(count)]
        graph = capture(nn.Sequential(*layers), (1, 41, 41))
        return unit_field(graph, graph.output, (0, 20, 20)).box.size

    assert [sight(n, 3) for n in (1, 2, 3, 10)] == [(3, 3), (5, 5), (7, 7), (21, 21)]
    assert sight(5, 5) == sight(10, 3)


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_learned_tokens_see_nothing_and_the_others_their_patch(device):
    with torch.device(device):
        network = odd.Tokens()
    graph = capture(network, (1, 12, 12))
    assert unit_field(graph, "concatenation", (3, 2)).box == Box(0, 8, 3, 11)
    assert unit_field(graph, "head", (0,)).box == Box(0, 0, 11, 11)
    with pytest.raises(UsageError) as caught:
        unit_field(graph, "concatenation", (0, 2))
    assert str(caught.value) == (
        "Unit (0, 2) of concatenation sees no pixel of the image, only padding or weights."
    )


def test_a_unit_that_sees_only_padding():
    graph = capture(nn.Conv2d(1, 4, 3, padding=3), (1, 6, 6))
    with pytest.raises(UsageError, match=r"Unit \(0, 0, 5\) of convolution sees no pixel"):
        unit_field(graph, graph.output, (0, 0, 5))


def test_of_an_index_it_is_known_where_it_leads_only_with_its_numbers():
    class Indexed(nn.Module):
        def forward(self, x):
            return x[:, :, torch.tensor([4, 1])]

    known = unit_field(capture(Indexed(), torch.rand(1, 1, 6, 6)), "slice", (0, 1, 3))
    assert known.box == Box(1, 3, 1, 3)
    assert unit_field(capture(Indexed(), (1, 6, 6)), "slice", (0, 1, 3)).box == Box(0, 0, 5, 5)


def test_units_that_are_not_there():
    graph = capture(build("lenet"), (1, 28, 28))

    def words(layer, unit):
        with pytest.raises(UsageError) as caught:
            unit_field(graph, layer, unit)
        return str(caught.value)

    assert words("features.conv1", (6, 0, 28)) == (
        "features.conv1 has no unit (6, 0, 28). Its units are: channel 0 to 5, row 0 to 27, "
        "column 0 to 27."
    )
    assert words("flatten", (1, 2)) == (
        "flatten has no unit (1, 2). Its units are: number 0 to 399."
    )
    assert words("pool", (1,)).startswith("Unknown layer of lenet: 'pool'.")
    tied = capture(odd.Tied(), (1, 8, 8))
    with pytest.raises(UsageError, match="does not depend on the image"):
        unit_field(tied, "permutation", (3, 5))
