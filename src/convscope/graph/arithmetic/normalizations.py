"""Forward rules of normalizations, softmax, and functions of one or two numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from convscope.definitions.normalization import Moments, batch_norm_prediction
from convscope.graph.arithmetic.call import Call
from convscope.graph.arithmetic.forms import Calculated, Share
from convscope.graph.arithmetic.functions import FUNCTIONS, inserted, said, value_of
from convscope.graph.arithmetic.numbers import Numbers, Place, constant, span
from convscope.graph.arithmetic.sums import Index
from convscope.graph.arithmetic.words import in_brackets, number


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
    return _standardized(call, index, (channel,), mean, variance, {})


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
    return _standardized(call, index, parameter, mean, variance, {"numbers": group})


def _standardized(
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


def softmax(call: Call, index: Index) -> Share:
    """The share of one power of e in all of them."""
    dim = call.argument("dim")
    if dim is None:  # what PyTorch takes then
        dim = 0 if len(index) in (0, 1, 3) else 1
    axis = dim % len(index)
    places: list[Place] = [*index]
    places[axis] = span(call.node.shape[axis])
    logarithm = call.node.kind == "log softmax"
    right = "e^x[i] / Σ e^x[j]"
    formula = f"y[i] = {f'log ({right})' if logarithm else right}"
    return Share(formula, call.given["input"].numbers(*places), index[axis], logarithm)


def function(call: Call, index: Index) -> Calculated:
    """A function of one number: an activation, or simple arithmetic."""
    rule = FUNCTIONS[call.node.kind]
    given = dict(call.node.arguments)
    numbers = {"x": call.single("input", index)}
    if call.node.kind == "PReLU":
        weight = call.given["weight"]
        numbers["weight"] = weight.numbers(index[1] if weight.shape[0] > 1 else 0)
        given["weight"] = float(numbers["weight"].values)
    x = float(numbers["x"].values)
    result = value_of(rule, x, given)
    formula = said(rule, given)
    return Calculated(
        formula=formula,
        inserted=inserted(formula, x, result),
        given=numbers,
        result=result,
        magnitude=max(abs(result), float(rule.cancels(np.asarray(x), given))),
        curve=lambda values: rule.value(values, given),
    )


_OF_TWO: dict[str, tuple[str, str, Callable[[float, float], float]]] = {
    "quotient": ("{} / {}", "other", lambda a, b: a / b),
    "power": ("{}^{}", "exponent", lambda a, b: a**b),
    "larger of two": ("max({}, {})", "other", max),
    "smaller of two": ("min({}, {})", "other", min),
}


def of_two(call: Call, index: Index) -> Calculated:
    """A function of two numbers."""
    symbol, second, compute = _OF_TWO[call.node.kind]
    one, other = call.single("input", index), call.single(second, index)
    result = float(compute(float(one.values), float(other.values)))
    words = symbol.format(in_brackets(float(one.values)), in_brackets(float(other.values)))
    return Calculated(
        formula=f"y[{call.shown(index)}] = {symbol.format(one.label(), other.label())}",
        inserted=f"{words} = {number(result)}",
        given={"x": one, second: other},
        result=result,
        magnitude=abs(result),
    )


def clamp(call: Call, index: Index) -> Calculated:
    """The number itself within two limits, of which one may be missing."""
    given = {"x": call.single("input", index)}
    for limit in ("min", "max"):
        if call.node.arguments.get(limit) is not None or limit in call.given:
            given[limit] = call.single(limit, index)
    numbers = {symbol: float(each.values) for symbol, each in given.items()}
    result = numbers["x"]
    formula, words = "x", number(numbers["x"])
    for limit, compute, word in (("min", max, "max"), ("max", min, "min")):
        if limit in numbers:
            result = compute(result, numbers[limit])
            formula = f"{word}({formula}, {given[limit].label()})"
            words = f"{word}({words}, {number(numbers[limit])})"
    return Calculated(f"y = {formula}", f"{words} = {number(result)}", given, result, abs(result))
