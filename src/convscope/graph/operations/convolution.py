"""Convolution and transposed convolution, along one, two or three axes.

Output y[o, i] = b[o] + Σ w[o, c, k] · x[c, i · stride − padding + dilation · k], summed over the
channels c of the group and the window k; transposed, the windows are the inputs'.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from torch import Tensor

from convscope.graph.graph import Node
from convscope.graph.operations.call import OFFSETS, Call, Recipient
from convscope.graph.operations.forms import WeightedSum
from convscope.graph.operations.numbers import Index, Operand, Product, at_ones, span
from convscope.graph.operations.table import OperationKind, register, signature
from convscope.graph.operations.windows import (
    bind_windows,
    look_through_windows,
    window_words,
    windows_of,
)
from convscope.graph.operations.words import from_here
from convscope.graph.region import Region, group


def look(node: Node, source: int, region: Region) -> Region:
    """A window along each of the last axes, and the channels of the groups."""
    seen = [*look_through_windows(node, source, region)]
    channels = -len(node.arguments["kernel_size"]) - 1
    size = node.inputs[source].shape[channels]
    seen[channels] = group(seen[channels], size, node.arguments["groups"])
    return tuple(seen)


def look_transposed(node: Node, source: int, region: Region) -> Region:
    """Input i goes to the outputs of window i, so what is looked at are windows."""
    windows = windows_of(node)
    axes = len(windows)
    channels, *sizes = node.inputs[source].shape[-axes - 1 :]
    seen = [
        window.reaching(extent, size)
        for window, extent, size in zip(windows, region[-axes:], sizes, strict=True)
    ]
    around = group(region[-axes - 1], channels, node.arguments["groups"])
    return (*region[: -axes - 1], around, *seen)


def compute(call: Call, index: Index) -> WeightedSum:
    """Σ over the channels of the group and the window; see `definitions.cross_correlation`."""
    before, output, spots = _split(call, index)
    x, weight = call.given["input"], call.given["weight"]
    channels = weight.shape[1]
    first = output // (weight.shape[0] // call.argument("groups")) * channels
    left = x.numbers(*before, first + span(channels), *call.window(spots))
    right = weight.numbers(output, *map(span, weight.shape[1:]))
    bias = call.given.get("bias")
    offsets = list(OFFSETS[: len(spots)])
    at = [
        from_here(window.start(spot), symbol, window.dilation)
        for window, spot, symbol in zip(windows_of(call.node), spots, offsets, strict=True)
    ]
    entry, met = ", ".join([str(output), "c", *offsets]), ", ".join([from_here(first, "c"), *at])
    shift = "" if bias is None else f"b[{output}] + "
    formula = f"y[{call.shown(index)}] = {shift}Σ w[{entry}] · x[{met}]"
    return WeightedSum(
        formula, (Product(left, right),), None if bias is None else bias.numbers(output)
    )


def compute_transposed(call: Call, index: Index) -> WeightedSum:
    """Σ over the inputs that reach the output: those i with i · stride − padding + offset there."""
    before, output, spots = _split(call, index)
    x, weight = call.given["input"], call.given["weight"]
    share = weight.shape[1]
    channels = weight.shape[0] // call.argument("groups")
    first = output // share * channels
    sources, taps = call.windows_over(spots, x.shape[-len(spots) :])
    left = x.numbers(*before, first + span(channels), *sources)
    right = weight.numbers(first + span(channels), output % share, *taps)
    bias = call.given.get("bias")
    formula = (
        f"y[{call.shown(index)}] = {'' if bias is None else f'b[{output}] + '}"
        "Σ x · w over the inputs whose kernels reach here"
    )
    return WeightedSum(
        formula, (Product(left, right),), None if bias is None else bias.numbers(output)
    )


def flow_back(call: Call, into: Recipient, gradient: Operand) -> list[Product]:
    """An input lies in several windows, each time at another entry; a weight meets all windows."""
    x, weight = call.given["input"], call.given["weight"]
    share = weight.shape[0] // call.argument("groups")
    if into.role == "input":
        before, channel, spots = _split(call, into.place)
        number, own = divmod(channel, weight.shape[1])
        maps = number * share + span(share)
        windows, entries = call.windows_over(spots, call.node.shape[-len(spots) :])
        left = gradient.numbers(*before, maps, *windows)
        return [Product(left, weight.numbers(maps, own, *entries))]
    before, sizes = _around(call, gradient)
    output, *entry = into.place
    given = gradient.numbers(*before, output, *map(span, sizes))
    if into.role == "bias":
        return at_ones(given)
    own, *entry = entry
    met = call.met_by(entry, sizes)
    return [Product(x.numbers(*before, output // share * weight.shape[1] + own, *met), given)]


def flow_back_transposed(call: Call, into: Recipient, gradient: Operand) -> list[Product]:
    """An input reaches a window of the output, through all kernels of its group."""
    x, weight = call.given["input"], call.given["weight"]
    share, channels = weight.shape[1], weight.shape[0] // call.argument("groups")
    if into.role == "input":
        before, channel, spots = _split(call, into.place)
        maps = channel // channels * share + span(share)
        left = gradient.numbers(*before, maps, *call.window(spots))
        return [Product(left, weight.numbers(channel, *map(span, weight.shape[1:])))]
    before, sizes = _around(call, gradient)
    if into.role == "bias":
        return at_ones(gradient.numbers(*before, into.place[0], *map(span, sizes)))
    channel, own, *entry = into.place
    counts = x.shape[-len(sizes) :]
    left = x.numbers(*before, channel, *map(span, counts))
    met = call.met_by(entry, counts)
    return [Product(left, gradient.numbers(*before, channel // channels * share + own, *met))]


def _split(call: Call, index: Index) -> tuple[Index, int, Index]:
    """The axes before the channel, the channel, and the place in the map."""
    axes = len(call.argument("kernel_size"))
    return index[: -axes - 1], index[-axes - 1], index[-axes:]


def _around(call: Call, gradient: Operand) -> tuple[Index, Index]:
    """The place of the one image, and the sizes of its maps."""
    axes = len(call.argument("kernel_size"))
    return (0,) * (len(gradient.shape) - axes - 1), gradient.shape[-axes:]


def _own_part(call: Call, role: str, index: Index) -> tuple[int | slice, ...]:
    return (_split(call, index)[1],)


def _own_part_transposed(call: Call, role: str, index: Index) -> tuple[int | slice, ...]:
    channel = _split(call, index)[1]
    if role == "bias":
        return (channel,)
    weight = call.given["weight"]
    number, own = divmod(channel, weight.shape[1])
    share = weight.shape[0] // call.argument("groups")
    return (slice(number * share, (number + 1) * share), own)


def weight_shape(node: Node, weights: Mapping[str, Tensor]) -> tuple[int, ...]:
    """The shape of the weight, which may be computed in the call, as normalized weights are."""
    if "weight" in node.parameters:
        return tuple(weights[node.parameters["weight"]].shape)
    return node.inputs[node.roles.index("weight")].shape


def _macs(node: Node, weights: Mapping[str, Tensor]) -> int:
    """Each weight is used once for each output position of each image."""
    weight = weight_shape(node, weights)
    return prod(weight) * prod(node.shape) // weight[0]


def _macs_transposed(node: Node, weights: Mapping[str, Tensor]) -> int:
    weight = weight_shape(node, weights)
    return prod(weight) * prod(node.inputs[0].shape) // weight[0]


def _words(node: Node) -> str:
    kind, groups = node.kind, node.arguments["groups"]
    if groups > 1 and kind == "convolution":
        channels = node.inputs[0].shape[1]
        kind = "depthwise convolution" if groups == channels else "grouped convolution"
    return window_words(kind, node)


WAY = "gradient · weight, summed over the windows it lies in"

register(
    OperationKind(
        name="convolution",
        functions="conv1d conv2d conv3d",
        arguments=signature(
            "input", "weight", bias=None, stride=1, padding=0, dilation=1, groups=1
        ),
        bind=bind_windows("convolution"),
        looks_at=look,
        forward=compute,
        backward=flow_back,
        own_part=_own_part,
        macs=_macs,
        words=_words,
        way=WAY,
        part=lambda node: "convolution",
    )
)
register(
    OperationKind(
        name="transposed convolution",
        functions="conv_transpose1d conv_transpose2d conv_transpose3d",
        arguments=signature(
            "input",
            "weight",
            bias=None,
            stride=1,
            padding=0,
            output_padding=0,
            groups=1,
            dilation=1,
        ),
        bind=bind_windows("transposed convolution"),
        looks_at=look_transposed,
        forward=compute_transposed,
        backward=flow_back_transposed,
        own_part=_own_part_transposed,
        macs=_macs_transposed,
        words=_words,
        way=WAY,
        part=lambda node: "convolution",
    )
)
