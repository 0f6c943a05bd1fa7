"""Which numbers of its inputs an operation looks at, for given numbers of its output.

Each rule takes the region of an operation's output that is asked about and gives the region of an
input that it is computed from. An operation without a rule is taken to look at everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from convscope.graph.graph import Node
from convscope.graph.moved import where_it_came_from
from convscope.graph.operations import ELEMENTWISE, MOVING
from convscope.graph.region import Extent, Region, between, everything, whole

Rule = Callable[[Node, int, Region], Region]


def looks_at(node: Node, source: int, region: Region) -> Region:
    """What `node` looks at in one of its inputs.

    Args:
        node: The operation.
        source: Which of `node.inputs`.
        region: The part of the output that is asked about.
    """
    return RULES.get(node.kind, _all)(node, source, region)


def is_understood(node: Node) -> bool:
    """Whether there is a rule for the operation, rather than the guess that it sees everything."""
    return node.kind in RULES or not node.inputs


def _all(node: Node, source: int, region: Region) -> Region:
    return everything(node.inputs[source].shape)


def _elementwise(node: Node, source: int, region: Region) -> Region:
    return _aligned(region, node.inputs[source].shape)


def _aligned(region: Region, shape: Sequence[int]) -> Region:
    """The same positions in an input; where it has a single one, that is repeated."""
    return tuple(
        whole(1) if size == 1 and len(extent.inside) > 1 else extent
        for size, extent in zip(shape, region[len(region) - len(shape) :], strict=True)
    )


def _window(extent: Extent, size: int, kernel: int, stride: int, padding: int, step: int) -> Extent:
    taps = np.flatnonzero(extent.inside)[:, None] * stride - padding + step * np.arange(kernel)
    inside = np.zeros(size, bool)
    inside[taps[(taps >= 0) & (taps < size)]] = True
    first = extent.first * stride - padding
    return Extent(inside, first, extent.last * stride - padding + step * (kernel - 1))


def _windows(node: Node, source: int, region: Region) -> Region:
    """Convolution and pooling: a window along each of the last axes."""
    given = node.arguments
    count = len(given["kernel_size"])
    numbers = zip(
        region[-count:],
        node.inputs[source].shape[-count:],
        given["kernel_size"],
        given["stride"],
        given["padding"],
        given["dilation"],
        strict=True,
    )
    return (*region[:-count], *(_window(*each) for each in numbers))


def _convolution(node: Node, source: int, region: Region) -> Region:
    seen = [*_windows(node, source, region)]
    channels = -len(node.arguments["kernel_size"]) - 1
    size = node.inputs[source].shape[channels]
    seen[channels] = _group(seen[channels], size, node.arguments["groups"])
    return tuple(seen)


def _group(extent: Extent, size: int, groups: int) -> Extent:
    """The input channels of the groups that these output channels belong to."""
    asked = extent.inside.reshape(groups, -1).any(axis=1)
    inside = np.repeat(asked, size // groups)
    return between(inside)


def _transposed_convolution(node: Node, source: int, region: Region) -> Region:
    """Input i goes to the outputs i · stride − padding + dilation · (0 … kernel − 1)."""
    given = node.arguments
    count = len(given["kernel_size"])
    shape = node.inputs[source].shape
    seen = [*region]
    channels = -count - 1
    seen[channels] = _group(seen[channels], shape[channels], given["groups"])
    for axis in range(-count, 0):
        kernel, stride, padding, step = (
            given[name][axis] for name in ("kernel_size", "stride", "padding", "dilation")
        )
        asked = np.flatnonzero(region[axis].inside)[:, None] + padding - step * np.arange(kernel)
        taps = asked[asked % stride == 0] // stride
        inside = np.zeros(shape[axis], bool)
        inside[taps[(taps >= 0) & (taps < shape[axis])]] = True
        first = -((step * (kernel - 1) - region[axis].first - padding) // stride)
        seen[axis] = Extent(inside, first, (region[axis].last + padding) // stride)
    return tuple(seen)


def _adaptive(node: Node, source: int, region: Region) -> Region:
    """Output i of n covers the inputs from ⌊i · size / n⌋ to ⌈(i + 1) · size / n⌉ − 1."""
    seen = [*region]
    for axis in range(-len(node.arguments["output_size"]), 0):
        size, n = node.inputs[source].shape[axis], node.shape[axis]
        if n == 1:
            seen[axis] = whole(size)
        elif size % n == 0:
            seen[axis] = _window(region[axis], size, size // n, size // n, 0, 1)
        else:
            inside = np.zeros(size, bool)
            for i in np.flatnonzero(region[axis].inside):
                inside[i * size // n : -(-(i + 1) * size // n)] = True
            seen[axis] = between(inside)
    return tuple(seen)


def _dense(node: Node, source: int, region: Region) -> Region:
    return (*region[:-1], whole(node.inputs[source].shape[-1]))


def _matrix_product(node: Node, source: int, region: Region) -> Region:
    """(…, n, k) · (…, k, m) = (…, n, m)."""
    shape = node.inputs[source].shape
    if len(shape) < 2 or len(node.shape) < len(shape):  # a vector takes part
        return everything(shape)
    rows, columns = region[-2:]
    is_left = source == 0 and "input" not in node.parameters
    matrix = (rows, whole(shape[-1])) if is_left else (whole(shape[-2]), columns)
    return (*_aligned(region[:-2], shape[:-2]), *matrix)


def _normalization(node: Node, source: int, region: Region) -> Region:
    """Statistics of the image itself make every number depend on all that they are taken of."""
    if node.kind == "batch norm":
        return _all_along(region, range(len(region)) if node.arguments["training"] else ())
    if node.kind == "layer norm":
        return _all_along(region, range(-len(node.arguments["normalized_shape"]), 0))
    if node.kind == "local response norm":
        return _all_along(region, (1,))
    seen = [*_all_along(region, range(2, len(region)))]  # instance norm and group norm
    if node.kind == "group norm":
        size = len(region[1].inside)
        seen[1] = _group(region[1], size, node.arguments["num_groups"])
    return tuple(seen)


def _all_along(region: Region, axes: Iterable[int]) -> Region:
    asked = {axis % len(region) for axis in axes}
    return tuple(
        whole(len(extent.inside)) if axis in asked else extent for axis, extent in enumerate(region)
    )


def _softmax(node: Node, source: int, region: Region) -> Region:
    dim = node.arguments["dim"]
    return _all_along(region, range(len(region)) if dim is None else (dim,))


def _along(node: Node, source: int, region: Region) -> Region:
    """Mean, maximum and total: all positions of the axes that are gone."""
    shape, dim = node.inputs[source].shape, node.arguments["dim"]
    if dim is None or dim == ():
        return everything(shape)
    gone = {axis % len(shape) for axis in ([dim] if isinstance(dim, int) else dim)}
    kept = iter(region if len(region) < len(shape) else _except(region, gone))
    return tuple(whole(size) if a in gone else next(kept) for a, size in enumerate(shape))


def _except(region: Region, axes: set[int]) -> Region:
    return tuple(extent for axis, extent in enumerate(region) if axis not in axes)


def _concatenation(node: Node, source: int, region: Region) -> Region:
    if node.parameters:  # which of the tensors were inputs is not known
        return where_it_came_from(node, source, region)
    axis = node.arguments["dim"] % len(region)
    before = sum(other.shape[axis] for other in node.inputs[:source])
    size = node.inputs[source].shape[axis]
    inside = region[axis].inside[before : before + size]
    part = between(inside) if inside.any() else Extent(inside, 0, size - 1)
    return (*region[:axis], part, *region[axis + 1 :])


def _overwritten(node: Node, source: int, region: Region) -> Region:
    """Of what was there before the same position, of what was written anything."""
    return region if source == 0 else everything(node.inputs[source].shape)


RULES: dict[str, Rule] = {
    "convolution": _convolution,
    "transposed convolution": _transposed_convolution,
    "max pooling": _windows,
    "average pooling": _windows,
    "adaptive max pooling": _adaptive,
    "adaptive average pooling": _adaptive,
    "dense": _dense,
    "matrix product": _matrix_product,
    "softmax": _softmax,
    "log softmax": _softmax,
    "concatenation": _concatenation,
    "overwritten": _overwritten,
    "assignment": _overwritten,
    **dict.fromkeys(
        ("batch norm", "layer norm", "group norm", "instance norm", "local response norm"),
        _normalization,
    ),
    **dict.fromkeys(("mean", "maximum", "minimum", "total"), _along),
    **dict.fromkeys(MOVING, where_it_came_from),
    **dict.fromkeys(ELEMENTWISE, _elementwise),
}
