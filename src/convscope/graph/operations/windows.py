"""The geometry of windows, in one place: which places a window covers, and which windows a place.

Convolution and pooling have windows of one size that move by a stride; adaptive pooling cuts a map
into parts of nearly the same size.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from convscope.graph.graph import Node
from convscope.graph.region import Extent, Region, between, whole

Places = NDArray[np.int64]


class WindowAxis(NamedTuple):
    """A window as it moves along one axis.

    Window i covers the places i · stride − padding + dilation · (0 … kernel − 1); places below 0 or
    behind the last are padding.
    """

    kernel: int
    stride: int
    padding: int
    dilation: int

    def covers(self, number: int) -> Places:
        """The places of a window, one for each entry of the kernel."""
        return self.start(number) + self.dilation * np.arange(self.kernel, dtype=np.int64)

    def start(self, number: int) -> int:
        """The first place of a window."""
        return number * self.stride - self.padding

    def over(self, place: int, count: int) -> tuple[Places, Places]:
        """The windows, of so many, that a place lies in, and at which entries of the kernel."""
        entries = np.arange(self.kernel, dtype=np.int64)[::-1]  # so that windows are in order
        starts = place + self.padding - self.dilation * entries
        fits = (starts % self.stride == 0) & (starts >= 0) & (starts // self.stride < count)
        return starts[fits] // self.stride, entries[fits]

    def met_by(self, entry: int, count: int) -> Places:
        """The places that this entry of the kernel meets, one for each of so many windows."""
        return (
            self.start(0) + self.stride * np.arange(count, dtype=np.int64) + (self.dilation * entry)
        )

    def seen_through(self, windows: Extent, size: int) -> Extent:
        """The places, of an axis of this size, that these windows cover."""
        numbers = np.flatnonzero(windows.inside)[:, None]
        taps = numbers * self.stride - self.padding + self.dilation * np.arange(self.kernel)
        last = self.start(windows.last) + self.dilation * (self.kernel - 1)
        return Extent(_mark(taps, size), self.start(windows.first), last)

    def reaching(self, places: Extent, count: int) -> Extent:
        """The windows, of so many, that cover any of these places."""
        asked = np.flatnonzero(places.inside)[:, None] + self.padding
        starts = asked - self.dilation * np.arange(self.kernel)
        inside = _mark(starts[starts % self.stride == 0] // self.stride, count)
        reach = self.dilation * (self.kernel - 1)
        first = -((reach - places.first - self.padding) // self.stride)
        return Extent(inside, first, (places.last + self.padding) // self.stride)


def _mark(places: Places, size: int) -> NDArray[np.bool_]:
    inside = np.zeros(size, bool)
    inside[places[(places >= 0) & (places < size)]] = True
    return inside


def windows_of(node: Node) -> list[WindowAxis]:
    """The windows of a convolution or pooling, one along each of the last axes."""
    names = ("kernel_size", "stride", "padding", "dilation")
    return [
        WindowAxis(*each) for each in zip(*(node.arguments[name] for name in names), strict=True)
    ]


def look_through_windows(node: Node, source: int, region: Region) -> Region:
    """What convolution and pooling look at along the last axes; the others stay as they are."""
    windows = windows_of(node)
    axes = len(windows)
    sizes = node.inputs[source].shape[-axes:]
    seen = [
        window.seen_through(extent, size)
        for window, extent, size in zip(windows, region[-axes:], sizes, strict=True)
    ]
    return (*region[:-axes], *seen)


def part(number: int, size: int, count: int) -> Places:
    """Part i of n covers the places from ⌊i · size / n⌋ to ⌈(i + 1) · size / n⌉ − 1."""
    return np.arange(number * size // count, -(-(number + 1) * size // count), dtype=np.int64)


def parts_over(place: int, size: int, count: int) -> Places:
    """The parts, of so many, that a place lies in; neighbours share a place if they don't fit."""
    parts = np.arange(count, dtype=np.int64)
    return parts[(parts * size // count <= place) & (place < -(-(parts + 1) * size // count))]


def look_through_parts(parts: Extent, size: int, count: int) -> Extent:
    """The places, of an axis of this size, that these of so many parts cover."""
    if count == 1:
        return whole(size)
    if size % count == 0:
        return WindowAxis(size // count, size // count, 0, 1).seen_through(parts, size)
    inside = np.zeros(size, bool)
    for number in np.flatnonzero(parts.inside):
        inside[part(int(number), size, count)] = True
    return between(inside)


def bind_windows(kind: str) -> Callable[[str, Mapping[str, Any]], tuple[str, dict[str, Any]]]:
    """How arguments are bound, as in `OperationKind`, of a kind with windows."""
    return lambda name, bound: (kind, window_arguments(name, bound))


def window_arguments(name: str, bound: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments in which the sizes of windows are tuples, one number for each axis they move along.

    Args:
        name: PyTorch's name of the function, which says how many axes: "conv2d".
        bound: The arguments as they were given.
    """
    axes = int(re.findall(r"(\d)d", name)[0])
    if "output_size" in bound:
        shape = bound["input"].shape
        wanted = bound["output_size"]
        sizes = [wanted] * axes if isinstance(wanted, int) else list(wanted)
        kept = zip(sizes, shape[len(shape) - axes :], strict=True)
        output_size = tuple(old if new is None else int(new) for new, old in kept)
        return {**bound, "output_size": output_size}
    if "weight" in bound:
        kernel_size = tuple(bound["weight"].shape[2:])
    else:
        kernel_size = _each(bound["kernel_size"], axes)
    stride = kernel_size if bound["stride"] in (None, ()) else _each(bound["stride"], axes)
    dilation = _each(bound.get("dilation", 1), axes)
    if bound["padding"] == "same":
        padding = tuple(d * (k - 1) // 2 for k, d in zip(kernel_size, dilation, strict=True))
    else:
        padding = _each(0 if bound["padding"] == "valid" else bound["padding"], axes)
    return {
        **bound,
        "kernel_size": kernel_size,
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
    }


def _each(size: int | Sequence[int], axes: int) -> tuple[int, ...]:
    """One number for each axis, of a number for all or of as many as there are."""
    numbers = [size] if isinstance(size, int) else list(size)
    return tuple(int(number) for number in (numbers * axes if len(numbers) == 1 else numbers))


def window_words(kind: str, node: Node) -> str:
    """A kind with the sizes of its windows: "convolution 3×3, stride 2"."""
    given = node.arguments
    text = f"{kind} {times_words(given['kernel_size'])}"
    for name in ("stride", "dilation"):
        sizes = given[name]
        if set(sizes) != {1}:
            number = str(sizes[0]) if len(set(sizes)) == 1 else times_words(sizes)
            text += f", {name} {number}"
    return text


def times_words(sizes: Sequence[int]) -> str:
    """Sizes as in "3×3"."""
    return "×".join(str(size) for size in sizes)
