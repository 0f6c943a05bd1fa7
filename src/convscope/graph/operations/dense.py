"""Dense layers and matrix products: every output adds up a whole row of inputs."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from torch import Tensor

from convscope.graph.graph import Node
from convscope.graph.operations.call import Call, Recipient
from convscope.graph.operations.forms import WeightedSum
from convscope.graph.operations.numbers import (
    Index,
    Operand,
    Place,
    Product,
    align_index,
    at_ones,
    span,
)
from convscope.graph.operations.table import OperationKind, register, signature
from convscope.graph.region import Region, align_region, everything, whole


def _look(node: Node, source: int, region: Region) -> Region:
    return (*region[:-1], whole(node.inputs[source].shape[-1]))


def compute(call: Call, index: Index) -> WeightedSum:
    """y[o] = b[o] + Σ w[o, i] · x[i] over all inputs."""
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


def flow_back(call: Call, into: Recipient, gradient: Operand) -> list[Product]:
    """Every unit uses every input, each with its own weight; a weight is used at all positions."""
    x, weight, place = call.given["input"], call.given["weight"], into.place
    if into.role == "input":
        units = span(weight.shape[0])
        return [Product(gradient.numbers(*place[:-1], units), weight.numbers(units, place[-1]))]
    before = _before(gradient)
    given = gradient.numbers(*before, place[0])
    if into.role == "bias":
        return at_ones(given)
    return [Product(x.numbers(*before, place[1]), given)]


def _before(gradient: Operand) -> list[Place]:
    """All positions that the units are computed at."""
    return [0 if size == 1 else span(size) for size in gradient.shape[:-1]]


def _macs(node: Node, weights: Mapping[str, Tensor]) -> int:
    if "weight" in node.parameters:
        inputs = weights[node.parameters["weight"]].shape[-1]
    else:
        inputs = node.inputs[node.roles.index("weight")].shape[-1]
    return prod(node.shape) * inputs


def _look_at_matrices(node: Node, source: int, region: Region) -> Region:
    """(…, n, k) · (…, k, m) = (…, n, m)."""
    shape = node.inputs[source].shape
    if len(shape) < 2 or len(node.shape) < len(shape):  # a vector takes part
        return everything(shape)
    rows, columns = region[-2:]
    is_left = node.roles[source] == "input"
    matrix = (rows, whole(shape[-1])) if is_left else (whole(shape[-2]), columns)
    return (*align_region(region[:-2], shape[:-2]), *matrix)


def multiply(call: Call, index: Index) -> WeightedSum:
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
    left = one.numbers(*align_index(rest, one.shape[:-2]), *row, along)
    right = other.numbers(*align_index(rest, other.shape[:-2]), along, *column)
    return WeightedSum(f"y[{call.shown(index)}] = Σ row · column", (Product(left, right),))


def flow_back_through_product(
    call: Call, into: Recipient, gradient: Operand
) -> list[Product] | None:
    """As a dense layer's, where the second matrix is the same for all images."""
    other, place = call.given["other"], into.place
    if len(other.shape) != 2 or len(gradient.shape) < 2:
        return None
    if into.role == "input":
        if len(place) != len(gradient.shape):
            return None
        columns = span(other.shape[1])
        return [Product(gradient.numbers(*place[:-1], columns), other.numbers(place[-1], columns))]
    if len(call.given["input"].shape) != len(gradient.shape):
        return None
    before = _before(gradient)
    left = call.given["input"].numbers(*before, place[0])
    return [Product(left, gradient.numbers(*before, place[1]))]


def _macs_of_product(node: Node, weights: Mapping[str, Tensor]) -> int:
    if "input" in node.parameters:
        inner = weights[node.parameters["input"]].shape[-1]
    else:
        inner = node.inputs[0].shape[-1]
    return prod(node.shape) * inner


def _part_of_product(node: Node) -> str | None:
    return "dense" if node.parameters else None


WAY = "gradient · weight, summed over the units"

register(
    OperationKind(
        name="dense",
        functions="linear",
        arguments=signature("input", "weight", bias=None),
        looks_at=_look,
        forward=compute,
        backward=flow_back,
        own_part=lambda call, role, index: (index[-1],),
        macs=_macs,
        way=WAY,
        part=lambda node: "dense",
    )
)
register(
    OperationKind(
        name="matrix product",
        functions="matmul mm bmm mv",
        arguments=signature("input", "other"),
        looks_at=_look_at_matrices,
        forward=multiply,
        backward=flow_back_through_product,
        macs=_macs_of_product,
        way=WAY,
        part=_part_of_product,
    )
)
