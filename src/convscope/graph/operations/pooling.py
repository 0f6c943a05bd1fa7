"""Pooling: the largest number or the mean of each window, or of each part of a map."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import prod
from typing import Any

import numpy as np

from convscope.graph.graph import Node
from convscope.graph.operations.call import Call, Recipient
from convscope.graph.operations.forms import Extreme, WeightedSum, mean_of
from convscope.graph.operations.numbers import (
    Index,
    Numbers,
    Operand,
    Place,
    Product,
    scale_gradients,
)
from convscope.graph.operations.table import OperationKind, register, signature
from convscope.graph.operations.windows import (
    bind_windows,
    look_through_parts,
    look_through_windows,
    part,
    parts_over,
    times_words,
    window_words,
    windows_of,
)
from convscope.graph.region import Region


def _look_at_parts(node: Node, source: int, region: Region) -> Region:
    axes = len(node.arguments["output_size"])
    sizes = node.inputs[source].shape[-axes:]
    counts = node.shape[-axes:]
    parts = zip(region[-axes:], sizes, counts, strict=True)
    return (*region[:-axes], *(look_through_parts(*each) for each in parts))


def window(call: Call, index: Index) -> Numbers:
    """The numbers of a window, or of a part of the map, that an output is made from."""
    if _is_adaptive(call.node):
        axes = len(call.argument("output_size"))
        sizes = zip(
            index[-axes:], call.given["input"].shape[-axes:], call.node.shape[-axes:], strict=True
        )
        places: list[Place] = [part(*each) for each in sizes]
    else:
        axes = len(call.argument("kernel_size"))
        places = call.window(index[-axes:])
    return call.given["input"].numbers(*index[:-axes], *places)


def _is_adaptive(node: Node) -> bool:
    return "output_size" in node.arguments


def take_largest(call: Call, index: Index) -> Extreme:
    """The largest number of the window."""
    given = window(call, index)
    formula = f"y[{call.shown(index)}] = the largest of {int((~given.outside).sum())} numbers"
    return Extreme(formula, given)


def average(call: Call, index: Index) -> WeightedSum:
    """The sum of the window divided by how many numbers it counts."""
    return mean_of(f"y[{call.shown(index)}]", window(call, index), divisor(call, index))


def divisor(call: Call, index: Index) -> int:
    """How many numbers a window counts.

    The padding counts unless `count_include_pad` is off; what lies behind it, where `ceil_mode`
    has added a window, never does.
    """
    if _is_adaptive(call.node):
        return window(call, index).values.size
    override = call.argument("divisor_override")
    if override is not None:
        return int(override)
    with_padding = call.argument("count_include_pad")
    windows = windows_of(call.node)
    axes = len(windows)
    sizes, spots = call.given["input"].shape[-axes:], index[-axes:]
    lengths = []
    for each, size, spot in zip(windows, sizes, spots, strict=True):
        start = each.start(spot)
        stop = min(start + each.kernel, size + each.padding)
        lengths.append(stop - start if with_padding else min(stop, size) - max(start, 0))
    return prod(lengths)


def flow_back(call: Call, into: Recipient, gradient: Operand) -> list[Product]:
    """Every number has its share of a mean's gradient; a maximum's goes to the winner alone."""
    node, place = call.node, into.place
    axes = len(node.arguments["output_size" if _is_adaptive(node) else "kernel_size"])
    counts = node.shape[-axes:]
    if _is_adaptive(node):
        sizes = call.given["input"].shape[-axes:]
        each = zip(place[-axes:], sizes, counts, strict=True)
        windows: Sequence[Any] = [parts_over(*numbers) for numbers in each]
    else:
        windows = call.windows_over(place[-axes:], counts)[0]
    left = gradient.numbers(*place[:-axes], *windows)
    at = [(*place[:-axes], *map(int, spots)) for spots in product(*windows)]
    share = _won if "max" in node.kind else _share
    shares = np.array([share(call, index, place) for index in at])
    different = set(shares.tolist())
    if "max" in node.kind:
        name = "1 where it won, else 0"
    else:
        name = f"1/{1 / different.pop():.0f}" if len(different) == 1 else "1 / size of the window"
    return scale_gradients(left, name, shares.reshape(left.values.shape))


def _share(call: Call, index: Index, place: Index) -> float:
    return 1 / divisor(call, index)


def _won(call: Call, index: Index, place: Index) -> float:
    given = take_largest(call, index)
    return float(given.given.index(given.winner) == given.given.unit_index(place))


def _words_of_parts(node: Node) -> str:
    kind = node.kind.removeprefix("adaptive ")
    size = node.arguments["output_size"]
    return f"global {kind}" if set(size) == {1} else f"{kind} to {times_words(size)}"


def _words_of_windows(node: Node) -> str:
    return window_words(node.kind, node)


def _register(name: str, functions: str, arguments: dict[str, Any], **rules: Any) -> None:
    register(
        OperationKind(
            name=name,
            functions=functions,
            arguments=arguments,
            bind=bind_windows(name),
            backward=flow_back,
            part=lambda node: "pooling",
            **rules,
        )
    )


_WINDOWS = {"looks_at": look_through_windows, "words": _words_of_windows}
_PARTS = {"looks_at": _look_at_parts, "words": _words_of_parts}
_LARGEST = {"forward": take_largest, "way": "the gradient of the windows where it won"}
_MEAN = {"forward": average, "way": "its share of the gradient"}

_register(
    "max pooling",
    "max_pool1d max_pool2d max_pool3d "
    "max_pool1d_with_indices max_pool2d_with_indices max_pool3d_with_indices",
    signature("input", "kernel_size", stride=None, padding=0, dilation=1, ceil_mode=False),
    **_WINDOWS,
    **_LARGEST,
)
_register(
    "average pooling",
    "avg_pool1d avg_pool2d avg_pool3d",
    signature(
        "input",
        "kernel_size",
        stride=None,
        padding=0,
        ceil_mode=False,
        count_include_pad=True,
        divisor_override=None,
    ),
    **_WINDOWS,
    **_MEAN,
)
_register(
    "adaptive max pooling",
    "adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d",
    signature("input", "output_size"),
    **_PARTS,
    **_LARGEST,
)
_register(
    "adaptive average pooling",
    "adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d",
    signature("input", "output_size"),
    **_PARTS,
    **_MEAN,
)
