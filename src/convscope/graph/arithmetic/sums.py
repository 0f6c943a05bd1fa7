"""Forward rules of what adds up: convolution, dense layers, means, sums and products."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
import torch
from numpy.typing import NDArray

from convscope.graph.arithmetic.call import OFFSETS, Call
from convscope.graph.arithmetic.forms import WeightedSum
from convscope.graph.arithmetic.numbers import (
    Numbers,
    Place,
    Product,
    aligned,
    constant,
    count,
    span,
)
from convscope.graph.arithmetic.words import from_here, in_brackets

Index = tuple[int, ...]
MOST_WRITTEN = 4  # numbers whose sum is written out in a formula


def convolution(call: Call, index: Index) -> WeightedSum:
    """Σ over the channels of the group and the window; see `definitions.cross_correlation`."""
    axes = len(call.argument("kernel_size"))
    before, output, spots = index[: -axes - 1], index[-axes - 1], index[-axes:]
    x, weight = call.given["input"], call.given["weight"]
    channels = weight.shape[1]
    first = output // (weight.shape[0] // call.argument("groups")) * channels
    along = call.window(spots)
    left = x.numbers(*before, first + span(channels), *along)
    right = weight.numbers(output, *map(span, weight.shape[1:]))
    bias = call.given.get("bias")
    offsets = list(OFFSETS[:axes])
    at = [
        from_here(spot * stride - padding, symbol, dilation)
        for spot, symbol, (_, stride, padding, dilation) in zip(
            spots, offsets, call.windows(), strict=True
        )
    ]
    entry, met = ", ".join([str(output), "c", *offsets]), ", ".join([from_here(first, "c"), *at])
    shift = "" if bias is None else f"b[{output}] + "
    formula = f"y[{call.shown(index)}] = {shift}Σ w[{entry}] · x[{met}]"
    return WeightedSum(
        formula, (Product(left, right),), None if bias is None else bias.numbers(output)
    )


def transposed_convolution(call: Call, index: Index) -> WeightedSum:
    """Σ over the inputs that reach the output: those i with i · stride − padding + offset there."""
    axes = len(call.argument("kernel_size"))
    before, output, spots = index[: -axes - 1], index[-axes - 1], index[-axes:]
    x, weight = call.given["input"], call.given["weight"]
    groups, share = call.argument("groups"), weight.shape[1]
    channels = weight.shape[0] // groups
    first = output // share * channels
    sources, taps = reached(call, spots, x.shape[-axes:])
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


def reached(
    call: Call, spots: Sequence[int], sizes: Sequence[int]
) -> tuple[list[NDArray[np.int64]], list[NDArray[np.int64]]]:
    """The windows that a place lies in, and at which of their entries.

    A window i covers the places i · stride − padding + dilation · (0 … kernel − 1).

    Args:
        call: What has the windows.
        spots: The place, along each axis.
        sizes: How many windows there are along each axis.
    """
    numbers: list[NDArray[np.int64]] = []
    entries: list[NDArray[np.int64]] = []
    for size, spot, (kernel, stride, padding, dilation) in zip(
        sizes, spots, call.windows(), strict=True
    ):
        entry = span(kernel)[::-1]  # so that the windows come in their order
        start = spot + padding - dilation * entry
        fits = (start % stride == 0) & (start >= 0) & (start // stride < size)
        numbers.append(start[fits] // stride)
        entries.append(entry[fits])
    return numbers, entries


def dense(call: Call, index: Index) -> WeightedSum:
    """Σ over all inputs."""
    x, weight, output = call.given["input"], call.given["weight"], index[-1]
    left = x.numbers(*index[:-1], span(x.shape[-1]))
    right = weight.numbers(output, span(x.shape[-1]))
    bias = call.given.get("bias")
    formula = (
        f"y[{call.shown(index)}] = {'' if bias is None else f'b[{output}] + '}"
        f"Σ w[{output}, i] · x[{''.join(f'{i}, ' for i in left.index((0,))[:-1])}i]"
    )
    return WeightedSum(
        formula, (Product(left, right),), None if bias is None else bias.numbers(output)
    )


def matrix_product(call: Call, index: Index) -> WeightedSum:
    """A row of the first times a column of the second; either may be a vector."""
    one, other = call.given["input"], call.given["other"]
    along = span(one.shape[-1])
    rest = index
    column: Index = ()
    row: Index = ()
    if len(other.shape) > 1:
        rest, column = rest[:-1], rest[-1:]
    if len(one.shape) > 1:
        rest, row = rest[:-1], rest[-1:]
    left = one.numbers(*aligned(rest, one.shape[:-2]), *row, along)
    right = other.numbers(*aligned(rest, other.shape[:-2]), along, *column)
    formula = f"y[{call.shown(index)}] = Σ row · column"
    return WeightedSum(formula, (Product(left, right),))


def average_pooling(call: Call, index: Index) -> WeightedSum:
    """The sum of the window divided by how many numbers it counts."""
    axes = len(call.argument("kernel_size"))
    spots = index[-axes:]
    given = call.given["input"].numbers(*index[:-axes], *call.window(spots))
    return _mean(call, index, given, pooling_divisor(call, spots))


def pooling_divisor(call: Call, spots: Sequence[int]) -> int:
    """How many numbers a window of average pooling counts.

    The padding counts unless `count_include_pad` is off; what lies behind it, where `ceil_mode`
    has added a window, never does.
    """
    override = call.argument("divisor_override")
    if override is not None:
        return int(override)
    with_padding = call.argument("count_include_pad")
    sizes = call.given["input"].shape[-len(spots) :]
    lengths = []
    for size, spot, (kernel, stride, padding, _) in zip(sizes, spots, call.windows(), strict=True):
        start = spot * stride - padding
        stop = min(start + kernel, size + padding)
        lengths.append(stop - start if with_padding else min(stop, size) - max(start, 0))
    return prod(lengths)


def adaptive_average_pooling(call: Call, index: Index) -> WeightedSum:
    """The mean of the part of the map that belongs to the output."""
    parts = adaptive_windows(call, index)
    given = call.given["input"].numbers(*index[: -len(parts)], *parts)
    return _mean(call, index, given, count(parts))


def adaptive_windows(call: Call, index: Index) -> list[Place]:
    """Output i of n covers the inputs from ⌊i · size / n⌋ to ⌈(i + 1) · size / n⌉ − 1."""
    axes = len(call.argument("output_size"))
    sizes = call.given["input"].shape[-axes:]
    return [
        np.arange(i * size // n, -(-(i + 1) * size // n), dtype=np.int64)
        for i, size, n in zip(index[-axes:], sizes, call.argument("output_size"), strict=True)
    ]


def mean(call: Call, index: Index) -> WeightedSum:
    """The mean along the axes that are gone."""
    places = along(call, index)
    return _mean(call, index, call.given["input"].numbers(*places), count(places))


def total(call: Call, index: Index) -> WeightedSum:
    """The sum along the axes that are gone."""
    given = call.given["input"].numbers(*along(call, index))
    formula = f"y[{call.shown(index)}] = the sum of {given.values.size} numbers"
    return WeightedSum(formula, (Product(given, constant("1", np.ones(given.values.shape))),))


def along(call: Call, index: Index) -> list[Place]:
    """For a reduction: all places of the axes that are gone, the output's own of the others."""
    shape, dim = call.given["input"].shape, call.argument("dim")
    gone = reduced_axes(dim, len(shape))
    kept = iter(
        index
        if len(index) < len(shape)
        else [i for axis, i in enumerate(index) if axis not in gone]
    )
    return [span(size) if axis in gone else next(kept) for axis, size in enumerate(shape)]


def reduced_axes(dim: int | Sequence[int] | None, axes: int) -> set[int]:
    """The axes that a reduction takes together; all, if none is given."""
    if dim is None or dim == ():
        return set(range(axes))
    return {axis % axes for axis in ([dim] if isinstance(dim, int) else dim)}


def _mean(call: Call, index: Index, given: Numbers, divisor: int) -> WeightedSum:
    values = given.values[~given.outside].ravel()
    if len(values) <= MOST_WRITTEN:
        added = f"({' + '.join(in_brackets(float(value)) for value in values)})"
    else:
        added = f"the sum of {len(values)} numbers"
    formula = f"y[{call.shown(index)}] = {added} / {divisor}"
    share = constant(f"1/{divisor}", np.full(given.values.shape, 1 / divisor))
    return WeightedSum(formula, (Product(given, share),))


def addition(call: Call, index: Index) -> WeightedSum:
    """The sum or difference of two numbers, the second times alpha."""
    sign = -1.0 if call.node.kind == "difference" else 1.0
    factor = sign * float(call.argument("alpha"))
    one, other = (call.single(role, index) for role in ("input", "other"))
    times = {1.0: "+ ", -1.0: "− "}.get(factor, f"+ {factor:g} · ")
    formula = f"y[{call.shown(index)}] = {one.label()} {times}{other.label()}"
    names = {1.0: "1", -1.0: "−1"}
    second = constant(names.get(factor, f"{factor:g}"), factor)
    return WeightedSum(formula, (Product(one, constant("1", 1.0)), Product(other, second)))


def multiplication(call: Call, index: Index) -> WeightedSum:
    """The product of two numbers, as where a gate scales a map."""
    one, other = (call.single(role, index) for role in ("input", "other"))
    formula = f"y[{call.shown(index)}] = {one.label()} · {other.label()}"
    return WeightedSum(formula, (Product(one, other),))


def resizing(call: Call, index: Index) -> WeightedSum:
    """A weighted mean of near inputs; the weights are asked of PyTorch's own interpolation."""
    source = call.given["input"]
    places = torch.zeros(source.shape, dtype=torch.float64, requires_grad=True)
    with torch.enable_grad():
        resized = call.node.replay(places)
        (weights,) = torch.autograd.grad(resized[index], places)
    used = [
        span(size)[_any_along(weights.numpy() != 0, axis)] for axis, size in enumerate(source.shape)
    ]
    grid: list[Place] = [int(u[0]) if len(u) == 1 and a < 2 else u for a, u in enumerate(used)]
    given = source.numbers(*grid)
    share = weights.numpy()[np.ix_(*used)].reshape(given.values.shape)
    formula = f"y[{call.shown(index)}] = the weighted mean of {given.values.size} numbers"
    return WeightedSum(formula, (Product(given, constant("weights of the resizing", share)),))


def _any_along(mask: NDArray[np.bool_], axis: int) -> NDArray[np.bool_]:
    return np.asarray(mask.any(axis=tuple(a for a in range(mask.ndim) if a != axis)))
