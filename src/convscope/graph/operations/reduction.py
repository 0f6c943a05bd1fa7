"""Taking numbers together along axes: mean, total, largest, smallest; and resizing of maps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np
from torch import Tensor

from convscope.graph.graph import Node
from convscope.graph.operations.call import Call, Recipient
from convscope.graph.operations.forms import Extreme, WeightedSum, mean_of
from convscope.graph.operations.numbers import (
    Index,
    Numbers,
    Operand,
    Place,
    Product,
    constant,
    scale_gradients,
    span,
)
from convscope.graph.operations.table import OperationKind, register, signature
from convscope.graph.region import Region, everything, whole


def find_reduced_axes(dim: int | Sequence[int] | None, axes: int) -> set[int]:
    """The axes that a reduction takes together; all, if none is given."""
    if dim is None or dim == ():
        return set(range(axes))
    return {axis % axes for axis in ([dim] if isinstance(dim, int) else dim)}


def _look_along(node: Node, source: int, region: Region) -> Region:
    """All positions of the axes that are gone."""
    shape, dim = node.inputs[source].shape, node.arguments["dim"]
    if dim is None or dim == ():
        return everything(shape)
    gone = find_reduced_axes(dim, len(shape))
    kept = iter(
        region
        if len(region) < len(shape)
        else [extent for axis, extent in enumerate(region) if axis not in gone]
    )
    return tuple(whole(size) if axis in gone else next(kept) for axis, size in enumerate(shape))


def _along(call: Call, index: Index) -> Numbers:
    """All numbers along the axes that are gone, at the output's own place of the others."""
    given = call.given["input"]
    gone = find_reduced_axes(call.argument("dim"), len(given.shape))
    kept = iter(
        index
        if len(index) < len(given.shape)
        else [i for axis, i in enumerate(index) if axis not in gone]
    )
    places: list[Place] = [
        span(size) if axis in gone else next(kept) for axis, size in enumerate(given.shape)
    ]
    return given.numbers(*places)


def average(call: Call, index: Index) -> WeightedSum:
    """The mean along the axes that are gone."""
    given = _along(call, index)
    return mean_of(f"y[{call.shown(index)}]", given, given.values.size)


def add_up(call: Call, index: Index) -> WeightedSum:
    """The sum along the axes that are gone."""
    given = _along(call, index)
    formula = f"y[{call.shown(index)}] = the sum of {given.values.size} numbers"
    return WeightedSum(formula, (Product(given, constant("1", np.ones(given.values.shape))),))


def take_extreme(call: Call, index: Index) -> Extreme:
    """The largest or smallest number along the axes that are gone."""
    given = _along(call, index)
    smallest = call.node.kind == "minimum"
    word = "smallest" if smallest else "largest"
    formula = f"y[{call.shown(index)}] = the {word} of {given.values.size} numbers"
    return Extreme(formula, given, smallest)


def flow_back(call: Call, into: Recipient, gradient: Operand) -> list[Product]:
    """Every number has the same share of its mean's gradient, and all of its total's."""
    shape = call.given["input"].shape
    gone = find_reduced_axes(call.argument("dim"), len(shape))
    kept = [
        (0 if axis in gone else spot)
        for axis, spot in enumerate(into.place)
        if axis not in gone or len(call.node.shape) == len(shape)
    ]
    size = prod(shape[axis] for axis in gone) if call.node.kind == "mean" else 1
    return scale_gradients(gradient.numbers(*kept), f"1/{size}" if size > 1 else "1", 1 / size)


def _pools_maps(node: Node) -> str | None:
    """Whether whole maps, or all tokens, become one number each."""
    before = node.inputs[0].shape
    of_tokens = len(before) == 3 and len(node.shape) == 2
    of_maps = len(before) == 4 and before[2:] != (1, 1) and set(node.shape[2:]) <= {1}
    return "pooling" if of_tokens or of_maps else None


def _bind_extreme(
    kind: str, of_two: str
) -> Callable[[str, dict[str, Any]], tuple[str, dict[str, Any]]]:
    """`torch.max` of two tensors is the larger of two numbers everywhere."""

    def bind(name: str, bound: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        if isinstance(bound["dim"], Tensor):
            return of_two, {"input": bound["input"], "other": bound["dim"]}
        return kind, bound

    return bind


def _register(name: str, functions: str, **rules: Any) -> None:
    register(
        OperationKind(
            name=name,
            functions=functions,
            arguments=signature("input", dim=None, keepdim=False),
            looks_at=_look_along,
            part=_pools_maps,
            **rules,
        )
    )


_register("mean", "mean", forward=average, backward=flow_back, way="its share of the gradient")
_register("total", "sum", forward=add_up, backward=flow_back)
_register(
    "maximum", "amax max", bind=_bind_extreme("maximum", "larger of two"), forward=take_extreme
)
_register(
    "minimum", "amin min", bind=_bind_extreme("minimum", "smaller of two"), forward=take_extreme
)
register(
    OperationKind(
        name="resizing",
        functions="interpolate upsample",
        arguments=signature("input", size=None, scale_factor=None, mode="nearest"),
        part=lambda node: "other",
    )
)
