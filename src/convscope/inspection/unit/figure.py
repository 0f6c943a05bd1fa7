"""One number of a network as a figure: where it looks, what it adds up, what follows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure, SubFigure

from convscope.graph.operations.forms import Calculated, Extreme, Form, WeightedSum
from convscope.graph.operations.numbers import Numbers, Product
from convscope.graph.operations.words import number
from convscope.inspection.unit.explanation import UnitFindings
from convscope.inspection.unit.figure_panels import (
    Bar,
    draw_bars,
    draw_cells,
    draw_products,
    has_windows,
    rows_of,
    small_title,
)
from convscope.inspection.unit.figure_where import Panel, panels_of
from convscope.inspection.unit.tables import title
from convscope.look.canvas import drawable, drawing, headline, shorten
from convscope.look.panels import draw_mosaic, value_range

WIDTH = 14.0  # inches
PANEL = 2.6  # inches high
MOST_CHANNELS = 3
MOST_BARS = 16
MOST_MAPS = 64  # of a flattened layer that are drawn
LINE = 0.26  # inches


def draw_unit(explanation: UnitFindings, path: str | Path | None = None) -> Figure:
    """Draw where a number comes from.

    Args:
        explanation: What to draw.
        path: The PNG to write; None writes none.
    """
    own, form = explanation.step, explanation.steps[0].form
    panels = panels_of(explanation)
    lines = _lines(explanation)
    heights = [min(PANEL * 1.25, WIDTH / len(panels)) + 0.5, _height(form), LINE * len(lines) + 0.3]
    parts = [height for height in heights if height]
    with drawing(path, WIDTH, sum(parts) + 0.6) as figure:
        image = shorten(drawable(explanation.opened.image_name, instead="an image"), 24)
        headline(
            figure,
            f"{own.label} = {number(own.value)}     "
            f"{own.description}, {explanation.network} on {image}",
        )
        rows = iter(figure.subfigures(len(parts), 1, height_ratios=parts, squeeze=False)[:, 0])
        _draw_panels(next(rows), panels)
        if heights[1]:
            _draw_form(next(rows), form, explanation)
        write_lines(next(rows), lines)
    return figure


def _draw_panels(part: SubFigure, panels: list[Panel]) -> None:
    columns = max(4, len(panels))
    for place, axes in enumerate(part.subplots(1, columns, squeeze=False)[0]):
        if place < len(panels):
            text, draw = panels[place]
            draw(axes)
            small_title(axes, text)
        else:
            axes.set_axis_off()


def _height(form: Form) -> float:
    """Inches that the arithmetic needs; 0 where the lines below say all of it."""
    if isinstance(form, WeightedSum):
        return terms_height(form, MOST_CHANNELS)
    if isinstance(form, Calculated) and form.first_order:
        return 0.7 + 0.24 * len(bars_of_terms(form.first_order))
    if isinstance(form, Extreme) and form.given.values.ndim == 2:
        return PANEL
    return 0.0


def terms_height(form: WeightedSum, most: int) -> float:
    """Inches that products need, of each term with windows `most` channels."""
    if len(form.terms) == 1 and has_windows(form.terms[0]):
        return PANEL * rows_of(form.terms[0], most)
    if sum(term.products.size for term in form.terms) > 2:
        return 0.7 + 0.24 * len(bars_of(form))
    return 0.0


def _draw_form(part: SubFigure, form: Form, explanation: UnitFindings) -> None:
    if isinstance(form, Extreme):
        axes, words = part.subplots(1, 2, width_ratios=[1, 3])
        draw_cells(axes, title(form.given, ()), form.given.values, form.given.outside, form.winner)
        words.set_axis_off()
        words.text(
            0.0, 0.5, f"{'smallest' if form.smallest else 'largest'}: {form.inserted}", fontsize=12
        )
    elif isinstance(form, Calculated):
        left, right = part.subplots(1, 2, width_ratios=[3, 1])
        right.set_axis_off()
        draw_bars(left, bars_of_terms(form.first_order))
        small_title(left, "inputs × local derivatives")
    elif isinstance(form, WeightedSum):
        shape = _flattened_maps(form.terms[0], explanation) if len(form.terms) == 1 else None
        if shape is None:
            draw_terms(part, form, MOST_CHANNELS)
        else:
            _draw_flattened(part, form, shape)


def draw_terms(part: SubFigure, form: WeightedSum, most: int) -> None:
    """Draw products that are added up: windows as such, all others as bars.

    Args:
        part: The part of the figure.
        form: The sum.
        most: Channels of windows to draw.
    """
    if len(form.terms) == 1 and has_windows(form.terms[0]):
        draw_products(part, form.terms[0], most)
    else:
        left, right = part.subplots(1, 2, width_ratios=[3, 1])
        right.set_axis_off()
        bars = bars_of(form)
        draw_bars(left, bars, own=len(bars) - 1)
        small_title(left, "the largest products" if len(bars) > MOST_BARS else "products")


def bars_of(form: WeightedSum) -> list[Bar]:
    """The largest products with their factors, the others together, the bias, the sum."""
    return [*bars_of_terms(form.terms), *_end(form)]


def bars_of_terms(terms: Sequence[Product]) -> list[Bar]:
    """The largest products with their factors, and the others together."""
    every: list[tuple[float, str]] = []
    for term in terms:
        products = term.products
        right = term.right.values.reshape(products.shape)
        order = np.argsort(-abs(products), axis=None, kind="stable")[:MOST_BARS]
        for flat in order:
            at = tuple(int(i) for i in np.unravel_index(int(flat), products.shape))
            factors = f"{number(float(term.left.values[at]))} × {number(float(right[at]))}"
            every.append((float(products[at]), f"{_bar_name(term.left, at)}  {factors}"))
    every.sort(key=lambda each: -abs(each[0]))
    bars = [(text, value) for value, text in every[:MOST_BARS]]
    others = sum(term.products.size for term in terms) - len(bars)
    if others:
        rest = sum(term.total for term in terms) - sum(value for _, value in bars)
        bars.append((f"the other {others} products", rest))
    return bars


def _bar_name(numbers: Numbers, position: tuple[int, ...]) -> str:
    """A number's name, whose layer's part is shortened rather than its index."""
    layer = f"{'∂L/∂' if numbers.is_gradient else ''}{shorten(numbers.name, 26)}"
    if not numbers.places:
        return layer
    return f"{layer}[{', '.join(map(str, numbers.index(position)))}]"


def _end(form: WeightedSum) -> list[Bar]:
    bias = [] if form.bias is None else [("bias", float(form.bias.values))]
    return [*bias, ("sum", form.result)]


def _flattened_maps(term: Product, explanation: UnitFindings) -> tuple[int, int, int] | None:
    """The shape of the maps that a dense layer's inputs were flattened from."""
    node = next((n for n in explanation.graph if n.name == term.left.name), None)
    if node is None or node.kind != "flatten":
        return None
    shape = node.inputs[0].unit_shape
    if len(shape) != 3 or shape[1] * shape[2] == 1 or shape[0] > MOST_MAPS:
        return None
    return (shape[0], shape[1], shape[2]) if int(np.prod(shape)) == term.products.size else None


def _draw_flattened(part: SubFigure, form: WeightedSum, shape: tuple[int, int, int]) -> None:
    """Draw a dense layer behind maps: what each map adds, and all products in their places."""
    term = form.terms[0]
    sums = term.products.reshape(shape).sum(axis=(1, 2))
    order = [int(i) for i in np.argsort(-abs(sums), kind="stable")]
    bars = [(f"map {i}", float(sums[i])) for i in order[:MOST_BARS]]
    if len(order) > MOST_BARS:
        rest = float(sums[order[MOST_BARS:]].sum())
        bars.append((f"the other {len(order) - MOST_BARS} maps", rest))
    bars += _end(form)
    left, *others = part.subplots(1, 4, width_ratios=[3, 3, 3, 3])
    draw_bars(left, bars, own=len(bars) - 1)
    small_title(left, "products, added up for each map")
    for axes, text, values in zip(
        others,
        (f"inputs: {shape[0]} maps, {shape[1]} × {shape[2]}", "× weights", "= products"),
        (term.left.values, term.right.values, term.products),
        strict=True,
    ):
        images = values.reshape(shape)
        draw_mosaic(axes, images, int(np.ceil(np.sqrt(len(images)))), *value_range(images))
        for label in axes.texts:
            label.set_fontsize(6)
        small_title(axes, text)


def _lines(explanation: UnitFindings) -> list[str]:
    """The steps in formulas and numbers."""
    lines = []
    for place, step in enumerate(explanation.steps):
        then = "then " if place > explanation.asked else ""
        lines.append(f"{place + 1}.  {then}{step.label}:   {step.form.formula}")
        lines.append(f"      = {step.form.inserted}")
    return lines


def write_lines(part: SubFigure, lines: list[str]) -> None:
    """Write lines one below the other."""
    axes = part.subplots(1, 1)
    axes.set_axis_off()
    axes.text(
        0.0,
        1.0,
        "\n".join(shorten(line, 150) for line in lines),
        va="top",
        fontsize=10.5,
        linespacing=1.45,
        transform=axes.transAxes,
        parse_math=False,
    )
