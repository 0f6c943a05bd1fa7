"""The forms of arithmetic as data that a page can show: the largest parts, and the sum of the rest.

What is shown and what is left add up to the result, which is the library's own.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from convscope.graph.graph import Graph
from convscope.graph.operations.forms import Calculated, Copied, Extreme, Form, Share, WeightedSum
from convscope.graph.operations.numbers import Numbers, Product
from convscope.inspection.unit.tables import channels_by_size, is_uniform
from convscope.studio.numbers import send_array

MOST_WINDOWS = 3
MOST_LISTED = 8
LARGEST_WINDOW = 7
"""Rows or columns; the numbers of larger windows are listed."""


def send_number(value: float) -> dict[str, Any]:
    """A number as JSON holds it; one that isn't finite is null, with what it is beside it."""
    if math.isfinite(value):
        return {"value": value}
    return {"value": None, "is": "NaN" if math.isnan(value) else "∞" if value > 0 else "−∞"}


def send_form(form: Form, graph: Graph) -> dict[str, Any]:
    """The arithmetic behind one number."""
    if isinstance(form, WeightedSum):
        bias = form.bias
        return {
            "form": "sum",
            "terms": [_term(term, graph) for term in form.terms],
            "bias": None if bias is None else send_one(bias, (), graph),
        }
    if isinstance(form, Extreme):
        return _extreme(form, graph)
    if isinstance(form, Copied):
        return {"form": "copy", "given": send_one(form.given, (), graph)}
    if isinstance(form, Share):
        return _share(form, graph)
    return _formula(form, graph)


def send_one(numbers: Numbers, position: tuple[int, ...], graph: Graph) -> dict[str, Any]:
    """A single number, what it is called, and the unit that it is, if it is one."""
    outside = bool(numbers.outside[position])
    return {
        "label": numbers.label(position),
        "gradient": numbers.is_gradient,
        "padding": outside,
        "unit": None if outside else _unit(numbers, position, graph),
        **send_number(float(numbers.values[position])),
    }


def _unit(numbers: Numbers, position: tuple[int, ...], graph: Graph) -> str | None:
    if not numbers.places or all(node.name != numbers.name for node in graph):
        return None
    return f"{numbers.name}:{','.join(map(str, numbers.index(position)))}"


def _term(term: Product, graph: Graph) -> dict[str, Any]:
    products = term.products
    sent: dict[str, Any] = {
        "left": _source(term.left, graph),
        "right": _source(term.right, graph),
        "uniform": is_uniform(term),
        "count": int(products.size),
        "zeros": int((products == 0).sum()),
        "sum": send_number(term.total),
        "windows": [],
        "listed": [],
        "rest": None,
    }
    small = products.ndim >= 2 and max(products.shape[-2:]) <= LARGEST_WINDOW
    if small and min(products.shape[-2:]) >= 2:
        shown, others = channels_by_size(term, MOST_WINDOWS)
        sent["windows"] = [_window(term, channel, graph) for channel in shown]
        left_over = [float(products[channel].sum()) for channel in others]
        kind = "windows"
    else:
        order = np.argsort(-abs(products), axis=None, kind="stable")
        most = MOST_LISTED + (len(order) == MOST_LISTED + 1)
        sent["listed"] = [_listed(term, int(flat), graph) for flat in order[:most]]
        left_over = [float(products.ravel()[flat]) for flat in order[most:]]
        kind = "products"
    if left_over:
        rest = send_number(math.fsum(left_over) if np.isfinite(left_over).all() else math.nan)
        sent["rest"] = {"kind": kind, "count": len(left_over), **rest}
    return sent


def _source(numbers: Numbers, graph: Graph) -> dict[str, Any]:
    layer = any(node.name == numbers.name for node in graph) and bool(numbers.places)
    return {"name": numbers.name, "layer": layer, "gradient": numbers.is_gradient}


def _window(term: Product, channel: tuple[int, ...], graph: Graph) -> dict[str, Any]:
    """One channel's numbers, what they are multiplied with, and the products."""
    right, products = term.right, term.products
    return {
        "left": _grid(term.left, channel, graph),
        "right": send_array(right.values.reshape(products.shape)[channel]),
        "products": send_array(products[channel]),
        "sum": send_number(float(products[channel].sum())),
    }


def _grid(numbers: Numbers, channel: tuple[int, ...], graph: Graph) -> dict[str, Any]:
    values = numbers.values[channel]
    units = [
        [_unit(numbers, (*channel, row, column), graph) for column in range(values.shape[1])]
        for row in range(values.shape[0])
    ]
    outside = numbers.outside[channel]
    return {
        "label": numbers.label((*channel, 0, 0)),
        "last": list(numbers.index((*channel, -1, -1))) if numbers.places else [],
        "channel": list(channel),
        "values": send_array(values),
        "padding": outside.tolist(),
        "units": [
            [None if out else unit for unit, out in zip(line, beyond, strict=True)]
            for line, beyond in zip(units, outside, strict=True)
        ],
    }


def _listed(term: Product, flat: int, graph: Graph) -> dict[str, Any]:
    products, right = term.products, term.right
    at = tuple(int(i) for i in np.unravel_index(flat, products.shape))
    other = tuple(int(i) for i in np.unravel_index(flat, right.values.shape))
    return {
        "left": send_one(term.left, at, graph),
        "right": send_one(right, other, graph),
        "product": send_number(float(products[at])),
    }


def _extreme(form: Extreme, graph: Graph) -> dict[str, Any]:
    values = form.given.values
    sent: dict[str, Any] = {
        "form": "smallest" if form.smallest else "largest",
        "count": int((~form.given.outside).sum()),
        "winner": send_one(form.given, form.winner, graph),
        "place": list(form.winner),
        "window": None,
    }
    if values.ndim == 2 and max(values.shape) <= LARGEST_WINDOW:
        sent["window"] = _grid(form.given, (), graph)
    return sent


def _formula(form: Calculated, graph: Graph) -> dict[str, Any]:
    single = {symbol: given for symbol, given in form.given.items() if not given.values.ndim}
    return {
        "form": "formula",
        "given": [
            {"symbol": symbol, **send_one(given, (), graph)} for symbol, given in single.items()
        ],
        "first_order": [_term(term, graph) for term in form.first_order],
    }


def _share(form: Share, graph: Graph) -> dict[str, Any]:
    order = [int(i) for i in np.argsort(-form.scores.values, kind="stable")]
    shown = order[:MOST_LISTED]
    if form.own not in shown:
        shown.append(form.own)
    rest = [i for i in order if i not in shown]
    return {
        "form": "log softmax" if form.logarithm else "softmax",
        "largest": send_number(float(form.scores.values.max())),
        "powers": send_number(float(form.powers.sum())),
        "rows": [
            {
                "class": i,
                "own": i == form.own,
                "score": send_one(form.scores, (i,), graph),
                "power": send_number(float(form.powers[i])),
                "share": send_number(float(form.probabilities[i])),
            }
            for i in shown
        ],
        "rest": None if not rest else {
            "count": len(rest),
            "power": send_number(float(form.powers[rest].sum())),
            "share": send_number(float(form.probabilities[rest].sum())),
        },
    }  # fmt: skip
