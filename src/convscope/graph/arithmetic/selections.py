"""Forward rules of what picks a number, moves it or passes it on."""

from __future__ import annotations

from math import prod

import numpy as np
import torch

from convscope.graph.arithmetic.call import Call
from convscope.graph.arithmetic.forms import Calculated, Copied, Extreme
from convscope.graph.arithmetic.numbers import constant, layer_operand
from convscope.graph.arithmetic.sums import Index, adaptive_windows, along
from convscope.graph.arithmetic.words import number
from convscope.graph.graph import Node
from convscope.graph.moved import blank_inputs, is_index


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
    """Where the number stood before its tensor was rearranged, or partly replaced."""
    for source, layer in enumerate(call.node.inputs):
        origin = _origin(call.node, source, index)
        if origin is not None:
            given = layer_operand(layer).numbers(*origin)
            return Copied(f"y[{call.shown(index)}] = {given.label()}", given)
    assert call.node.value is not None, "the image was real"  # noqa: S101
    word = (
        "padding"
        if call.node.kind in ("padding", "reordering")
        else "a number of the network's own"
    )
    return Copied(f"y[{call.shown(index)}] = {word}", constant(word, float(call.node.value[index])))


def overwritten(call: Call, index: Index) -> Copied:
    """What was there before, or what was written into a part of the tensor since.

    PyTorch doesn't say where in the tensor it was written, so equal numbers tell.
    """
    before, writer = call.node.inputs
    values = [node.value for node in (call.node, before, writer)]
    now, earlier, written = (value for value in values if value is not None)
    if now[index] == earlier[index]:
        given = layer_operand(before).numbers(*index)
        return Copied(f"y[{call.shown(index)}] = {given.label()}", given)
    places = (written == now[index]).nonzero().tolist()
    if len(places) == 1:
        given = layer_operand(writer).numbers(*places[0])
        return Copied(f"y[{call.shown(index)}] = {given.label()}, written over it", given)
    word = f"one of the numbers of {writer.name}, written over it"
    return Copied(f"y[{call.shown(index)}] = {word}", constant(word, float(now[index])))


def _origin(node: Node, source: int, index: Index) -> Index | None:
    """The operation itself tells where a number came from, by moving the places' own numbers.

    It is run on them, and again with all of them raised by a constant: what is raised came from
    there.
    """
    shape = node.inputs[source].shape
    count = prod(shape)
    tensors = blank_inputs(node)
    if tensors is None or is_index(node, source):
        return None
    found = []
    for raised in (0, count):
        tensors[source] = raised + torch.arange(count, dtype=torch.float64).reshape(shape)
        with torch.no_grad():
            found.append(round(float(node.replay(*tensors)[index])))
    if found[1] - found[0] != count:
        return None
    return tuple(int(i) for i in np.unravel_index(found[0], shape))


def dropout(call: Call, index: Index) -> Copied | Calculated:
    """Nothing, when predicting; if a network drops units even then, what happened to this one."""
    given = call.single("input", index)
    if not call.argument("training") or not call.argument("p"):
        return Copied(f"y[{call.shown(index)}] = {given.label()}", given)
    assert call.node.value is not None, "the image was real"  # noqa: S101
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
