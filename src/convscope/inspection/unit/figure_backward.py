"""The way backwards to one number as a figure: what flows, times what it was multiplied with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure, SubFigure

from convscope.errors import UsageError
from convscope.graph.operations.forms import WeightedSum
from convscope.graph.operations.words import number
from convscope.inspection.unit.backward import NumberGradient
from convscope.inspection.unit.explanation import UnitFindings
from convscope.inspection.unit.figure import LINE, WIDTH, draw_terms, terms_height, write_lines
from convscope.inspection.unit.figure_panels import draw_bars, small_title
from convscope.inspection.unit.figure_where import MOST_CLASSES
from convscope.look.canvas import drawable, drawing, headline, shorten

MOST_CHANNELS = 2


def draw_unit_backward(explanation: UnitFindings, path: str | Path | None = None) -> Figure:
    """Draw where the gradients in a number, in one of its weights and one of its inputs come from.

    Args:
        explanation: What to draw.
        path: The PNG to write; None writes none.

    Raises:
        UsageError: The way backwards was not asked for.
    """
    back = explanation.backward
    if back is None:
        raise UsageError("The way backwards was not asked for. Call unit(…, backward=True).")
    sections = [
        (words, gradient)
        for words, gradient in (
            ("The number", back.number),
            ("The weight with the largest gradient of those it was computed with", back.weight),
            ("The input with the largest gradient of those it was computed from", back.source),
        )
        if gradient is not None
    ]
    heights = []
    for _, gradient in sections:
        drawn = _height(gradient, explanation)
        heights += [LINE * 3 + 0.2, *([drawn] if drawn else [])]
    loss = back.loss
    with drawing(path, WIDTH, sum(heights) + 0.6) as figure:
        label = drawable(explanation.class_name(loss.label), f"class {loss.label}")
        image = shorten(drawable(explanation.opened.image_name, instead="an image"), 24)
        headline(
            figure,
            f"Backwards from the loss to {explanation.step.label}     {explanation.network} on "
            f"{image}: L = −log p({shorten(label, 24)}) = {number(loss.value)}",
        )
        rows = iter(figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0])
        for words, gradient in sections:
            write_lines(next(rows), _lines(words, gradient))
            if not _height(gradient, explanation):
                continue
            if isinstance(gradient.form, WeightedSum):
                draw_terms(next(rows), gradient.form, MOST_CHANNELS)
            else:
                _draw_scores(next(rows), gradient, explanation)
    return figure


def _height(gradient: NumberGradient, explanation: UnitFindings) -> float:
    """Inches that the numbers need; 0 where the lines above say all of it."""
    if isinstance(gradient.form, WeightedSum):
        return terms_height(gradient.form, MOST_CHANNELS)
    if gradient.name == explanation.graph.output.name:
        return 0.7 + 0.24 * len(_classes(gradient, explanation))
    return 0.0


def _classes(gradient: NumberGradient, explanation: UnitFindings) -> list[int]:
    """The most probable classes, and in any case the label and the one asked about."""
    assert explanation.backward is not None  # noqa: S101 - the gradient is a part of it
    loss = explanation.backward.loss
    order = [int(i) for i in np.argsort(-loss.probabilities, kind="stable")]
    return list(dict.fromkeys([*order[:MOST_CLASSES], loss.label, gradient.index[-1]]))


def _draw_scores(part: SubFigure, gradient: NumberGradient, explanation: UnitFindings) -> None:
    """Draw where gradients begin: what the network believes, what is right, the difference."""
    assert explanation.backward is not None  # noqa: S101 - the gradient is a part of it
    loss = explanation.backward.loss
    order = _classes(gradient, explanation)
    names = [drawable(explanation.class_name(i), f"class {i}") for i in order]
    columns: list[tuple[str, list[float]]] = [
        ("probabilities", [float(loss.probabilities[i]) for i in order]),
        ("1 for the label", [float(i == loss.label) for i in order]),
        (f"∂L/∂{gradient.name}", [loss.slope(i).result for i in order]),
    ]
    for place, (axes, (text, values)) in enumerate(zip(part.subplots(1, 3), columns, strict=True)):
        bars = zip(names if not place else [""] * len(order), values, strict=True)
        draw_bars(axes, list(bars), own=order.index(gradient.index[-1]))
        small_title(axes, text)


def _lines(words: str, gradient: NumberGradient) -> list[str]:
    return [
        f"{words}:   ∂L/∂{gradient.label} = {number(gradient.value)}",
        f"      {gradient.form.formula}",
        f"      = {gradient.form.inserted}",
    ]
