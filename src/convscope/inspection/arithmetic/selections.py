"""Forward rules of what picks a number, moves it or passes it on."""

from __future__ import annotations

import numpy as np

from convscope.inspection.arithmetic.call import Call
from convscope.inspection.arithmetic.forms import Calculated, Copied, Extreme
from convscope.inspection.arithmetic.numbers import constant, layer_operand
from convscope.inspection.arithmetic.sums import Index, adaptive_windows, along
from convscope.inspection.arithmetic.words import number
from convscope.inspection.moved import where_it_came_from
from convscope.inspection.region import Extent


def max_pooling(call: Call, index: Index) -> Extreme:
    """The largest number of the window."""
    axes = len(call.argument("kernel_size"))
    given = call.given["input"].numbers(*index[:-axes], *call.window(index[-axes:]))
    formula = f"y[{call.shown(index)}] = the largest of {int((~given.outside).sum())} numbers"
    return Extreme(formula, given)


def adaptive_max_pooling(call: Call, index: Index) -> Extreme:
    """The largest number of the part of the map that belongs to the output."""
    parts = adaptive_windows(call, index)
    given = call.given["input"].numbers(*index[: -len(parts)], *parts)
    return Extreme(f"y[{call.shown(index)}] = the largest of {given.values.size} numbers", given)


def extreme(call: Call, index: Index) -> Extreme:
    """The largest or smallest number along the axes that are gone."""
    given = call.given["input"].numbers(*along(call, index))
    smallest = call.node.kind == "minimum"
    word = "smallest" if smallest else "largest"
    formula = f"y[{call.shown(index)}] = the {word} of {given.values.size} numbers"
    return Extreme(formula, given, smallest)


def concatenation(call: Call, index: Index) -> Copied:
    """The branch that the output's channel belongs to, and its channel there."""
    node = call.node
    if node.parameters:  # it is not recorded where among the branches they stand
        return moved(call, index)
    axis = node.arguments["dim"] % len(index)
    own = index[axis]
    for source in node.inputs:
        if own < source.shape[axis]:
            break
        own -= source.shape[axis]
    given = layer_operand(source).numbers(*index[:axis], own, *index[axis + 1 :])
    return Copied(f"y[{call.shown(index)}] = {given.label()}", given)


def moved(call: Call, index: Index) -> Copied:
    """Where the number stood before its tensor was rearranged."""
    spot = tuple(
        Extent(np.arange(size) == i, i, i) for i, size in zip(index, call.node.shape, strict=True)
    )
    for source, layer in enumerate(call.node.inputs):
        region = where_it_came_from(call.node, source, spot)
        if all(extent.inside.any() for extent in region):
            given = layer_operand(layer).numbers(*(int(e.inside.argmax()) for e in region))
            return Copied(f"y[{call.shown(index)}] = {given.label()}", given)
    assert call.node.value is not None, "the picture was real"  # noqa: S101
    padded = constant("padding", float(call.node.value[index]))
    return Copied(f"y[{call.shown(index)}] = padding", padded)


def dropout(call: Call, index: Index) -> Copied | Calculated:
    """Nothing, when predicting; if a network drops units even then, what happened to this one."""
    given = call.single("input", index)
    if not call.argument("training") or not call.argument("p"):
        return Copied(f"y[{call.shown(index)}] = {given.label()}", given)
    assert call.node.value is not None, "the picture was real"  # noqa: S101
    stays = float(call.node.value[index]) != 0
    x, p = float(given.values), float(call.argument("p"))
    result = x / (1 - p) if stays else 0.0
    return Calculated(
        formula="y = x / (1 − p), or 0 for a unit that is dropped",
        inserted=f"{number(x)} / (1 − {number(p)}) = {number(result)}" if stays else "dropped: 0",
        given={"x": given},
        result=result,
        magnitude=abs(result),
    )


def chosen(call: Call, index: Index) -> Copied:
    """One of two numbers, as a condition says."""
    holds = bool(call.single("condition", index).values)
    given = call.single("input" if holds else "other", index)
    return Copied(f"y[{call.shown(index)}] = {given.label()}, as the condition says", given)
