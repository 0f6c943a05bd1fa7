"""What moves numbers and leaves them as they are: slices, reshapes, concatenation, overwriting.

Where each number came from is asked of the operation itself: it is run on the numbers of the
positions. Nothing else about it needs to be known.
"""

from __future__ import annotations

from math import prod

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from convscope.graph.graph import Node
from convscope.graph.operations.call import Call, Recipient
from convscope.graph.operations.forms import Copied
from convscope.graph.operations.numbers import (
    Index,
    Operand,
    Product,
    constant,
    layer_operand,
    scale_gradients,
)
from convscope.graph.operations.table import OperationKind, register, signature
from convscope.graph.region import Extent, Region, between, everything


def find_origins(node: Node, source: int) -> NDArray[np.int64] | None:
    """Where the numbers of a moving operation came from, in one of its inputs.

    The operation is run on the positions of the input, and again with all of them raised by a
    constant: what is raised has come from there.

    Returns:
        int64 in the shape of the output: positions in the input, counted in reading order; −1 for
        what came from elsewhere. None if the input says where numbers go rather than being
        moved itself, or an index isn't known, as in a graph without values.
    """
    if _is_index(node, source):
        return None
    tensors: list[Tensor] = []
    for place, other in enumerate(node.inputs):
        if not _is_index(node, place):
            tensors.append(torch.zeros(other.shape, dtype=torch.float64))
        elif other.value is None:
            return None
        else:
            tensors.append(other.value.cpu())
    shape = node.inputs[source].shape
    count = prod(shape)
    found = []
    with torch.no_grad():
        for raised in (0, count):
            positions = torch.arange(count, dtype=torch.float64).reshape(shape)
            tensors[source] = positions + raised
            found.append(node.replay(*tensors).double().numpy())
    once, again = found
    with np.errstate(invalid="ignore"):  # padding with infinity
        came = again - once == count
    return np.where(came, once, -1).astype(np.int64)


def _is_index(node: Node, source: int) -> bool:
    """Whether an input says where numbers go, rather than being moved itself."""
    kinds = ("slice", "repetition", "reordering", "assignment")
    whole = not node.inputs[source].dtype.is_floating_point
    return whole and source > 0 and node.kind in kinds


def look_where_it_came_from(node: Node, source: int, region: Region) -> Region:
    """The positions that the region came from; all, where the operation can't be run."""
    shape = node.inputs[source].shape
    found = find_origins(node, source)
    if found is None:
        return everything(shape)
    came = found >= 0
    asked = found[np.ix_(*(extent.inside for extent in region))]
    places = np.unravel_index(asked[asked >= 0], shape)
    every = np.unravel_index(np.maximum(found, 0), shape)
    seen = []
    for size, positions, all_positions in zip(shape, places, every, strict=True):
        inside = np.zeros(size, bool)
        inside[positions] = True
        moved = _moved_along(all_positions, came, region)
        seen.append(between(inside) if moved is None else Extent(inside, *moved))
    return tuple(seen)


def _moved_along(
    positions: NDArray[np.int64], came: NDArray[np.bool_], region: Region
) -> tuple[int, int] | None:
    """First and last, if the positions of an input's axis are those of one output axis, shifted."""
    for axis, extent in enumerate(region):
        numbers = np.arange(len(extent.inside)).reshape(-1, *[1] * (len(region) - axis - 1))
        shift = (positions - numbers)[came]
        if len(extent.inside) > 1 and shift.size and shift.min() == shift.max():
            return extent.first + int(shift[0]), extent.last + int(shift[0])
    return None


def _look_before_padding(node: Node, source: int, region: Region) -> Region:
    """Where it came from, as if the image went on beyond its border, whatever lies there."""
    seen = look_where_it_came_from(node, source, region)
    amounts = node.arguments.get("pad")
    if source > 0 or not isinstance(amounts, tuple | list):
        return seen
    before = [0] * len(seen)  # the amounts begin with those of the last axis
    before[len(seen) - len(amounts) // 2 :] = reversed([int(each) for each in amounts[::2]])
    return tuple(
        Extent(extent.inside, asked.first - start, asked.last - start)
        for extent, asked, start in zip(seen, region, before, strict=True)
    )


def move(call: Call, index: Index) -> Copied:
    """Where the number stood before its tensor was rearranged, or partly replaced."""
    for source, layer in enumerate(call.node.inputs):
        found = find_origins(call.node, source)
        if found is not None and found[index] >= 0:
            place = np.unravel_index(int(found[index]), layer.shape)
            given = layer_operand(layer).numbers(*map(int, place))
            return Copied(f"y[{call.shown(index)}] = {given.label()}", given)
    assert call.node.value is not None, "the image was real"  # noqa: S101
    is_padding = call.node.kind in ("padding", "reordering")
    word = "padding" if is_padding else "a number of the network's own"
    return Copied(f"y[{call.shown(index)}] = {word}", constant(word, float(call.node.value[index])))


def flow_back(call: Call, into: Recipient, gradient: Operand) -> list[Product] | None:
    """A number can have gone to several places, or to none."""
    if into.source is None:
        return None
    found = find_origins(call.node, into.source)
    if found is None:
        return None
    own = int(np.ravel_multi_index(into.place, call.node.inputs[into.source].shape))
    return [
        product
        for at in np.argwhere(found == own).tolist()
        for product in scale_gradients(gradient.numbers(*at), "1", 1.0)
    ]


def _look_into_branches(node: Node, source: int, region: Region) -> Region:
    if node.parameters:  # which of the tensors were inputs is not known
        return look_where_it_came_from(node, source, region)
    axis = node.arguments["dim"] % len(region)
    before = sum(other.shape[axis] for other in node.inputs[:source])
    size = node.inputs[source].shape[axis]
    inside = region[axis].inside[before : before + size]
    part = between(inside) if inside.any() else Extent(inside, 0, size - 1)
    return (*region[:axis], part, *region[axis + 1 :])


def concatenate(call: Call, index: Index) -> Copied:
    """The branch that the output's channel belongs to, and its channel there."""
    node = call.node
    if node.parameters:  # it is not recorded where among the branches they stand
        return move(call, index)
    axis = node.arguments["dim"] % len(index)
    own = index[axis]
    for source in node.inputs:
        if own < source.shape[axis]:
            break
        own -= source.shape[axis]
    given = layer_operand(source).numbers(*index[:axis], own, *index[axis + 1 :])
    return Copied(f"y[{call.shown(index)}] = {given.label()}", given)


def _flow_into_branch(call: Call, into: Recipient, gradient: Operand) -> list[Product] | None:
    if call.node.parameters or into.source is None:
        return flow_back(call, into, gradient)
    place = into.place
    axis = call.argument("dim") % len(place)
    start = sum(other.shape[axis] for other in call.node.inputs[: into.source])
    at = (*place[:axis], start + place[axis], *place[axis + 1 :])
    return scale_gradients(gradient.numbers(*at), "1", 1.0)


def _look_under(node: Node, source: int, region: Region) -> Region:
    """The same position in what was there before; in what was written anything."""
    return region if source == 0 else everything(node.inputs[source].shape)


def uncover(call: Call, index: Index) -> Copied:
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


def _joins(node: Node) -> str | None:
    return "concatenation" if len(node.image_inputs) > 1 else None


def _flattens_maps(node: Node) -> str | None:
    """Whether maps of more than one pixel become a vector."""
    before = node.inputs[0].shape if node.inputs else ()
    is_map = len(before) == 4 and before[2:] != (1, 1)
    return "other" if is_map and len(node.shape) == 2 else None


_ONE = signature("input")

for _name, _functions, _arguments, _part in (
    ("flatten", "flatten ravel", signature("input", start_dim=0, end_dim=-1), _flattens_maps),
    (
        "reshape",
        "reshape view view_as reshape_as unflatten squeeze unsqueeze",
        _ONE,
        _flattens_maps,
    ),
    ("permutation", "permute transpose swapaxes swapdims movedim moveaxis t T mT", _ONE, None),
    ("slice", "__getitem__ narrow select index_select", _ONE, None),
    ("split", "chunk split tensor_split unbind", _ONE, None),
    ("repetition", "expand expand_as repeat tile repeat_interleave", _ONE, None),
    (
        "reordering",
        "flip roll rot90 channel_shuffle pixel_shuffle pixel_unshuffle unfold",
        _ONE,
        None,
    ),
    ("stack", "stack", signature("tensors", dim=0), _joins),
):
    register(
        OperationKind(
            name=_name,
            functions=_functions,
            arguments=_arguments,
            family="moving",
            looks_at=look_where_it_came_from,
            forward=move,
            backward=flow_back,
            part=_part,
        )
    )
register(
    OperationKind(
        name="padding",
        functions="pad",
        arguments=signature("input", "pad", mode="constant", value=None),
        family="moving",
        looks_at=_look_before_padding,
        forward=move,
        backward=flow_back,
    )
)
register(
    OperationKind(
        name="concatenation",
        functions="cat concat concatenate",
        arguments=signature("tensors", dim=0),
        looks_at=_look_into_branches,
        forward=concatenate,
        backward=_flow_into_branch,
        part=_joins,
    )
)
register(
    OperationKind(
        name="assignment",
        functions="__setitem__",
        arguments=signature("input", "index", "other"),
        looks_at=_look_under,
        forward=move,
        backward=flow_back,
    )
)
register(OperationKind(name="overwritten", looks_at=_look_under, forward=uncover))
