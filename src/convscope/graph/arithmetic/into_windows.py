"""Backward rules of what looks through windows, and of dense layers: into one of their inputs."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from convscope.graph.arithmetic import selections, sums
from convscope.graph.arithmetic.call import Call
from convscope.graph.arithmetic.flowing import role_of, times
from convscope.graph.arithmetic.numbers import Operand, Product, count, span

Index = tuple[int, ...]


def convolution(call: Call, source: int, place: Index, gradient: Operand) -> list[Product] | None:
    """A place lies in several windows, in each at another entry of the kernels."""
    if role_of(call, source) != "input":
        return None
    weight, groups = call.given["weight"], call.argument("groups")
    axes = len(call.argument("kernel_size"))
    before, channel, spots = place[: -axes - 1], place[-axes - 1], place[-axes:]
    share, channels = weight.shape[0] // groups, weight.shape[1]
    group, own = divmod(channel, channels)
    maps = group * share + span(share)
    windows, entries = sums.reached(call, spots, call.node.shape[-axes:])
    left = gradient.numbers(*before, maps, *windows)
    return [Product(left, weight.numbers(maps, own, *entries))]


def transposed_convolution(
    call: Call, source: int, place: Index, gradient: Operand
) -> list[Product] | None:
    """A place reaches a window of the output, through all kernels of its group."""
    if role_of(call, source) != "input":
        return None
    weight, groups = call.given["weight"], call.argument("groups")
    axes = len(call.argument("kernel_size"))
    before, channel, spots = place[: -axes - 1], place[-axes - 1], place[-axes:]
    share = weight.shape[1]
    group = channel // (weight.shape[0] // groups)
    left = gradient.numbers(*before, group * share + span(share), *call.window(spots))
    return [Product(left, weight.numbers(channel, *map(span, weight.shape[1:])))]


def dense(call: Call, source: int, place: Index, gradient: Operand) -> list[Product] | None:
    """Every unit uses every input, each with its own weight."""
    if role_of(call, source) != "input":
        return None
    weight = call.given["weight"]
    units = span(weight.shape[0])
    return [Product(gradient.numbers(*place[:-1], units), weight.numbers(units, place[-1]))]


def matrix_product(
    call: Call, source: int, place: Index, gradient: Operand
) -> list[Product] | None:
    """As a dense layer, where the second matrix is the same for all images."""
    matrix = call.given.get("other")
    if role_of(call, source) != "input" or matrix is None or len(matrix.shape) != 2:
        return None
    columns = span(matrix.shape[1])
    return [Product(gradient.numbers(*place[:-1], columns), matrix.numbers(place[-1], columns))]


def pooling(call: Call, source: int, place: Index, gradient: Operand) -> list[Product]:
    """Of a mean every number has its share; of a maximum the winner has all."""
    node = call.node
    if node.kind.startswith("adaptive"):
        axes = len(node.arguments["output_size"])
        windows = [
            _parts(*sizes)
            for sizes in zip(
                call.given["input"].shape[-axes:], node.shape[-axes:], place[-axes:], strict=True
            )
        ]
    else:
        axes = len(node.arguments["kernel_size"])
        windows = sums.reached(call, place[-axes:], node.shape[-axes:])[0]
    left = gradient.numbers(*place[:-axes], *windows)
    at = [(*place[:-axes], *map(int, spots)) for spots in product(*windows)]
    shares = np.array([_share(call, index, place) for index in at])
    different = set(shares.tolist())
    if "max" in node.kind:
        name = "1 where it won, else 0"
    else:
        name = f"1/{1 / different.pop():.0f}" if len(different) == 1 else "1 / size of the window"
    return times(left, name, shares.reshape(left.values.shape))


def _share(call: Call, index: Index, place: Index) -> float:
    """How much of a window's gradient goes to the number."""
    kind = call.node.kind
    if kind == "average pooling":
        axes = len(call.argument("kernel_size"))
        return 1 / sums.pooling_divisor(call, index[-axes:])
    if kind == "adaptive average pooling":
        return 1 / count(sums.adaptive_windows(call, index))
    rule = selections.max_pooling if kind == "max pooling" else selections.adaptive_max_pooling
    window = rule(call, index).given
    places = window.index(rule(call, index).winner)
    return float(places == (place[1:] if window.has_batch else place))


def _parts(size: int, n: int, spot: int) -> NDArray[np.int64]:
    """Which parts of adaptive pooling a place lies in, along one axis."""
    parts = span(n)
    return parts[(parts * size // n <= spot) & (spot < -(-(parts + 1) * size // n))]
