"""The numbers of a calculation as text: windows side by side, lists of products, shares."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from convscope.graph.operations.forms import Calculated, Extreme, Form, Share, WeightedSum
from convscope.graph.operations.numbers import Numbers, Product
from convscope.graph.operations.words import number
from convscope.inspection.unit.explanation import UnitFindings
from convscope.inspection.unit.text_blocks import MatrixBlock, block, fitting

MOST_CHANNELS = 3  # whose windows are written out
MOST_LISTED = 8  # products, or classes


def body_of(form: Form, width: int, explanation: UnitFindings) -> Iterator[RenderableType]:
    """The numbers of a calculation.

    Args:
        form: The calculation.
        width: The terminal's width, in characters.
        explanation: What it is part of.
    """
    if isinstance(form, WeightedSum):
        for term in form.terms:
            yield from _product(term, width, explanation)
        if form.bias is not None:
            yield Text(f"bias {form.bias.label()} = {number(float(form.bias.values))}")
    elif isinstance(form, Extreme):
        yield from _window(form, width)
    elif isinstance(form, Share):
        yield _shares(form, explanation)
    elif isinstance(form, Calculated):
        single = {s: n for s, n in form.given.items() if not n.values.ndim}
        words = [f"{s} = {number(float(n.values))} ({n.label()})" for s, n in single.items()]
        if words and not form.first_order:
            yield Text(",  ".join(words), style="dim")
        for term in form.first_order:
            yield from _product(term, width, explanation)


def _product(term: Product, width: int, explanation: UnitFindings) -> Iterator[RenderableType]:
    products = term.products
    if products.size == 1:
        yield Text(_single(term), style="dim")
        return
    if not products.any():
        yield Text(f"all {products.size} products are 0", style="dim")
        return
    if products.ndim < 2 or min(products.shape[-2:]) < 2:
        yield _listed(term, explanation)
        return
    shown, others = channels_by_size(term, MOST_CHANNELS)
    blocks = [_blocks(term, channel) for channel in shown]
    decimals = fitting(blocks, width)
    if not decimals:
        yield _listed(term, explanation)
        return
    for row in blocks:
        yield row_of(row, decimals)
    if any(b.has_padding for row in blocks for b in row):
        yield Text("· is padding, which counts as 0", style="dim")
    if others:
        rest = sum(float(products[channel].sum()) for channel in others)
        yield Text(f"the other {len(others)} channels: sum {number(rest)}")


def is_uniform(term: Product) -> bool:
    """Whether all numbers have the same constant factor, as in a mean."""
    right = term.right.values
    return not term.right.places and bool((right == right.ravel()[0]).all())


def _single(term: Product) -> str:
    left = float(term.left.values.ravel()[0])
    text = f"{name(term.left, (0,) * term.left.values.ndim)} = {number(left)}"
    if term.right.name == "1":
        return text
    right = float(term.right.values.ravel()[0])
    factor = name(term.right, (0,) * term.right.values.ndim)
    return f"{text},  times {factor} = {number(right)}"


def name(numbers: Numbers, position: Sequence[int] = ()) -> str:
    """What a number is called; gradients by the sign of the derivative."""
    return f"{'∂L/∂' if numbers.is_gradient else ''}{numbers.label(position)}"


def channels_by_size(
    term: Product, most: int
) -> tuple[list[tuple[int, ...]], list[tuple[int, ...]]]:
    """Positions of the windows among the products: the few that add most, and all others."""
    products = term.products
    every = list(np.ndindex(*products.shape[:-2]))
    order = sorted(every, key=lambda channel: -abs(float(products[channel].sum())))
    return sorted(order[:most]), sorted(order[most:])


def _blocks(term: Product, channel: tuple[int, ...]) -> list[MatrixBlock]:
    """One channel's window, weights and products, to stand side by side."""
    left, products = term.left, term.products
    outside = left.outside[channel]
    total = number(float(products[channel].sum()))
    first = block(title(left, channel), left.values[channel], outside)
    if is_uniform(term):
        factor = "" if term.right.name == "1" else f" × {term.right.name}"
        return [first, block(f"sum{factor} = {total}", None)]
    weights = term.right.values.reshape(products.shape)[channel]
    beyond = term.right.outside.reshape(products.shape)[channel]
    return [
        first,
        block(title(term.right, channel), weights, beyond),
        block("products", products[channel], outside | beyond, note=f", sum {total}"),
    ]


def title(numbers: Numbers, channel: tuple[int, ...]) -> str:
    """A window's name, as in "pool1[3, 8…12, 10…14]", for one channel of the numbers."""
    if not numbers.places:
        return numbers.name
    fixed = iter(channel)
    where = []
    for place in numbers.grid:
        if isinstance(place, int):
            where.append(str(place))
        elif (i := next(fixed, None)) is not None:
            where.append(str(int(place[i])))
        else:
            ends = dict.fromkeys(str(int(place[end])).replace("-", "−") for end in (0, -1))
            where.append("…".join(ends))
    return f"{short_name(numbers)}[{', '.join(where)}]"


def short_name(numbers: Numbers) -> str:
    """What numbers are called where their layer is plain: of a parameter only the last part."""
    is_parameter = bool(numbers.places) and not numbers.has_batch
    last = numbers.name.rpartition(".")[2] if is_parameter else numbers.name
    return f"{'∂L/∂' if numbers.is_gradient else ''}{last}"


def row_of(blocks: Sequence[MatrixBlock], decimals: int) -> Table:
    """Blocks side by side, with × and = between three."""
    table = Table.grid(padding=(0, 1))
    cells: list[RenderableType] = []
    for place, each in enumerate(blocks):
        if place:
            sign = "" if each.values is None else "×" if place == 1 else "="
            cells.append(Text(f"\n{sign}"))
        cells.append(each.text(decimals))
    table.add_row(*cells)
    return table


def _listed(term: Product, explanation: UnitFindings) -> RenderableType:
    """The largest products one below the other, and the sum of the others."""
    products = term.products
    right = term.right.values.reshape(products.shape)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column(short_name(term.left), overflow="fold")
    table.add_column("", justify="right", no_wrap=True)
    table.add_column("")
    table.add_column(short_name(term.right), overflow="fold")
    table.add_column("", justify="right", no_wrap=True)
    table.add_column("")
    table.add_column("products", justify="right", no_wrap=True)
    order = [int(i) for i in np.argsort(-abs(products), axis=None, kind="stable")]
    shown = order if len(order) <= MOST_LISTED + 1 else order[:MOST_LISTED]
    for flat in shown:
        at = _position(flat, products.shape)
        table.add_row(
            _place(term.left, at, explanation),
            number(float(term.left.values[at])),
            "×",
            _place(term.right, _position(flat, term.right.values.shape), explanation),
            number(float(right[at])),
            "=",
            number(float(products[at])),
        )
    rest = order[len(shown) :]
    if rest:
        total = number(float(products.ravel()[rest].sum()))
        table.add_row(f"the other {len(rest)} products", *[""] * 5, total)
    return table


def _position(flat: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(flat, shape))


def _place(numbers: Numbers, position: tuple[int, ...], explanation: UnitFindings) -> str:
    """Where a number stands; of a flattened one also where it stood before."""
    if not numbers.places:
        return ""
    index = numbers.index(position)
    text = f"[{', '.join(map(str, index))}]"
    node = next((n for n in explanation.graph if n.name == numbers.name), None)
    if node is None or node.kind != "flatten" or len(index) != 1:
        return text
    source = node.inputs[0]
    origin = _position(index[0], source.unit_shape)
    return f"{text} = {source.name}[{', '.join(map(str, origin))}]"


def _window(form: Extreme, width: int) -> Iterator[RenderableType]:
    given = form.given
    values = given.values
    if values.ndim >= 2 and max(values.shape) <= 9:
        drawn = block(title(given, ()), values, given.outside, winner=form.winner)
        decimals = fitting([[drawn]], width)
        if values.ndim == 2 and decimals:
            yield drawn.text(decimals)
            padded = "; · is padding, which never wins" if given.outside.any() else ""
            yield Text(f"in brackets: the winner{padded}", style="dim")
            return
    inside = values[~given.outside]
    yield Text(f"from {number(float(inside.min()))} to {number(float(inside.max()))}", style="dim")


def _shares(form: Share, explanation: UnitFindings) -> Table:
    """Scores, powers and probabilities of the classes with the highest, and of the own one."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("")
    highest = number(float(form.scores.values.max()))
    for heading in ("score x", f"e^(x − {highest})".replace("− −", "+ "), "share of the sum"):
        table.add_column(heading, justify="right")
    order = [int(i) for i in np.argsort(-form.scores.values, kind="stable")]
    shown = order if len(order) <= MOST_LISTED + 4 else order[:MOST_LISTED]
    if form.own not in shown:
        shown.append(form.own)
    for i in shown:
        table.add_row(
            f"{explanation.class_name(i)}{'  ◀' if i == form.own else ''}",
            number(float(form.scores.values[i])),
            number(float(form.powers[i])),
            number(float(form.probabilities[i])),
            style="bold" if i == form.own else "",
        )
    rest = [i for i in order if i not in shown]
    if rest:
        table.add_row(
            f"the other {len(rest)}",
            "",
            number(float(form.powers[rest].sum())),
            number(float(form.probabilities[rest].sum())),
        )
    table.add_row("sum", "", number(float(form.powers.sum())), "1")
    return table
