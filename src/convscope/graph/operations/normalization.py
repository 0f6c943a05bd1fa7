"""Normalizations: a number less a mean, by a standard deviation; and by its neighbours' squares.

Statistics are those that training kept, or those of the image itself; these make every number
depend on all that they are taken of.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from convscope.definitions.normalization import Moments, batch_norm_prediction
from convscope.graph.graph import Node
from convscope.graph.operations.call import Call, Recipient
from convscope.graph.operations.forms import Calculated
from convscope.graph.operations.numbers import (
    Index,
    Numbers,
    Operand,
    Place,
    Product,
    at_ones,
    constant,
    scale_gradients,
    span,
)
from convscope.graph.operations.table import OperationKind, register, signature
from convscope.graph.operations.words import in_brackets, number
from convscope.graph.region import Region, all_along, group


def batch_norm(call: Call, index: Index) -> Calculated:
    """By the moving statistics; by its own where a layer keeps none (as instance norm does)."""
    channel = index[1]
    if call.argument("training") or "running_mean" not in call.given:
        axes: set[int] = {0} if call.node.kind == "batch norm" else set()
        axes |= set(range(2, len(index)))
        own: list[Place] = [
            span(size) if axis in axes else index[axis] for axis, size in enumerate(call.node.shape)
        ]
        return _by_numbers(call, index, own, channel)
    mean, variance = (call.given[role].numbers(channel) for role in ("running_mean", "running_var"))
    return _standardize(call, index, (channel,), mean, variance, {})


def group_norm(call: Call, index: Index) -> Calculated:
    """By the mean and variance of the channels of the group."""
    share = call.node.shape[1] // call.argument("num_groups")
    first = index[1] // share * share
    group = [span(size) for size in call.node.shape]
    places: list[Place] = [index[0], first + span(share), *group[2:]]
    return _by_numbers(call, index, places, index[1])


def layer_norm(call: Call, index: Index) -> Calculated:
    """By the mean and variance along the last axes, with a scale and shift for each place there."""
    axes = len(call.argument("normalized_shape"))
    places: list[Place] = [*index[:-axes], *map(span, call.node.shape[-axes:])]
    return _by_numbers(call, index, places, *index[-axes:])


def _by_numbers(call: Call, index: Index, places: list[Place], *parameter: int) -> Calculated:
    group = call.given["input"].numbers(*places)
    count = group.values.size
    mean = constant(f"mean of {count} numbers", float(group.values.mean()))
    variance = constant(f"variance of {count} numbers", float(group.values.var()))
    return _standardize(call, index, parameter, mean, variance, {"numbers": group})


def _standardize(
    call: Call,
    index: Index,
    parameter: tuple[int, ...],
    mean: Numbers,
    variance: Numbers,
    more: Mapping[str, Numbers],
) -> Calculated:
    given = {"x": call.single("input", index), "mean": mean, "variance": variance}
    for symbol, role in (("γ", "weight"), ("β", "bias")):
        if role in call.given:
            given[symbol] = call.given[role].numbers(*parameter)
    x, mu, v = (float(given[symbol].values) for symbol in ("x", "mean", "variance"))
    scale = float(given["γ"].values) if "γ" in given else 1.0
    shift = float(given["β"].values) if "β" in given else 0.0
    epsilon = float(call.argument("eps"))
    moments = Moments(np.array([mu]), np.array([v]))
    result = float(batch_norm_prediction([[x]], [scale], [shift], moments, epsilon=epsilon)[0, 0])
    slope = abs(scale) / float(np.sqrt(v + epsilon))
    words = (
        f"({number(x)} − {in_brackets(mu)}) / √({number(v)} + {number(epsilon)})"
        + (f" · {in_brackets(scale)}" if "γ" in given else "")
        + (f" + {in_brackets(shift)}" if "β" in given else "")
    )
    return Calculated(
        formula="y = (x − mean) / √(variance + ε)"
        + (" · γ" if "γ" in given else "")
        + (" + β" if "β" in given else ""),
        inserted=f"{words} = {number(result)}",
        given=given | dict(more),
        result=result,
        magnitude=slope * (abs(x) + abs(mu)) + abs(shift),
    )


def local_response_norm(call: Call, index: Index) -> Calculated:
    """By the squares of the neighbouring channels (Krizhevsky et al., 2012, section 3.3)."""
    n = int(call.argument("size"))
    alpha, beta, k = (float(call.argument(name)) for name in ("alpha", "beta", "k"))
    near = index[1] - n // 2 + span(n)
    x = call.single("input", index)
    neighbours = call.given["input"].numbers(index[0], near, *index[2:])
    squares = float((neighbours.values**2).sum())
    result = float(x.values) / (k + alpha * squares / n) ** beta
    return Calculated(
        formula=f"y = x / (k + α / {n} · Σ x²)^β, the sum over {n} neighbouring channels",
        inserted=f"{number(float(x.values))} / ({number(k)} + {number(alpha)} / {n} · "
        f"{number(squares)})^{number(beta)} = {number(result)}",
        given={"x": x, "neighbours": neighbours},
        result=result,
        magnitude=abs(result),
    )


def _by_its_own(call: Call) -> bool:
    """Whether the statistics are the image's own."""
    return bool(call.argument("training")) or "running_var" not in call.given


def flow_back(call: Call, into: Recipient, gradient: Operand) -> list[Product] | None:
    """By the moving statistics a number is scaled, and a weight meets the standardized numbers."""
    channel = into.place[1] if into.role == "input" else into.place[0]
    if into.role == "input":
        if _by_its_own(call):
            return None
        variance = call.given["running_var"].numbers(channel).values + call.argument("eps")
        scale = call.channel("weight", channel, 1.0).values
        return scale_gradients(
            gradient.numbers(*into.place), "γ / √(variance + ε)", scale / np.sqrt(variance)
        )
    around: list[Place] = [0, channel, *map(span, gradient.shape[2:])]
    given = gradient.numbers(*around)
    if into.role == "bias":
        return at_ones(given)
    if into.role != "weight":
        return None
    x = call.given["input"].numbers(*around).values
    if _by_its_own(call):
        mean, variance = x.mean(), x.var()
    else:
        mean = call.given["running_mean"].numbers(channel).values
        variance = call.given["running_var"].numbers(channel).values
    standardized = (x - mean) / np.sqrt(variance + call.argument("eps"))
    return [Product(constant("(x − mean) / √(variance + ε)", standardized), given)]


def _look_at_batch(node: Node, source: int, region: Region) -> Region:
    return all_along(region, range(len(region)) if node.arguments["training"] else ())


def _look_at_map(node: Node, source: int, region: Region) -> Region:
    return all_along(region, range(2, len(region)))


def _look_at_group(node: Node, source: int, region: Region) -> Region:
    seen = [*_look_at_map(node, source, region)]
    seen[1] = group(region[1], len(region[1].inside), node.arguments["num_groups"])
    return tuple(seen)


def _look_at_last_axes(node: Node, source: int, region: Region) -> Region:
    return all_along(region, range(-len(node.arguments["normalized_shape"]), 0))


def _channel(call: Call, role: str, index: Index) -> Index:
    return (index[1],)


def _last_axes(call: Call, role: str, index: Index) -> Index:
    return index[-len(call.argument("normalized_shape")) :]


_BY_CHANNEL = signature(
    "input",
    running_mean=None,
    running_var=None,
    weight=None,
    bias=None,
    training=False,
    momentum=0.1,
    eps=1e-5,
)

for _name, _functions, _look in (
    ("batch norm", "batch_norm", _look_at_batch),
    ("instance norm", "instance_norm", _look_at_map),
):
    register(
        OperationKind(
            name=_name,
            functions=_functions,
            arguments=_BY_CHANNEL,
            looks_at=_look,
            forward=batch_norm,
            backward=flow_back,
            own_part=_channel,
            way="gradient · γ / √(variance + ε)",
        )
    )
register(
    OperationKind(
        name="layer norm",
        functions="layer_norm",
        arguments=signature("input", "normalized_shape", weight=None, bias=None, eps=1e-5),
        looks_at=_look_at_last_axes,
        forward=layer_norm,
        own_part=_last_axes,
    )
)
register(
    OperationKind(
        name="group norm",
        functions="group_norm",
        arguments=signature("input", "num_groups", weight=None, bias=None, eps=1e-5),
        looks_at=_look_at_group,
        forward=group_norm,
        own_part=_channel,
    )
)
register(
    OperationKind(
        name="local response norm",
        functions="local_response_norm",
        arguments=signature("input", "size", alpha=1e-4, beta=0.75, k=1.0),
        looks_at=lambda node, source, region: all_along(region, (1,)),
        forward=local_response_norm,
    )
)
