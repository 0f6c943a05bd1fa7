"""The way backwards to one number as a picture: what flows, times what it was multiplied with."""

from __future__ import annotations

from pathlib import Path

from convscope.errors import UsageError
from convscope.evaluation.figures.canvas import drawable, drawing, headline, shortened
from convscope.inspection.arithmetic.backward import Gradient
from convscope.inspection.arithmetic.forms import WeightedSum
from convscope.inspection.arithmetic.words import number
from convscope.inspection.figures.unit import LINE, WIDTH, draw_terms, terms_height, write_lines
from convscope.inspection.unit_explanation import UnitExplanation

MOST_CHANNELS = 2


def unit_backward_figure(path: str | Path, explanation: UnitExplanation) -> None:
    """Draw where the gradients in a number, in one of its weights and one of its inputs come from.

    Args:
        path: The PNG to write.
        explanation: What to draw.

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
        form = gradient.form
        drawn = terms_height(form, MOST_CHANNELS) if isinstance(form, WeightedSum) else 0.0
        heights += [LINE * 3 + 0.2, *([drawn] if drawn else [])]
    loss = back.loss
    with drawing(path, WIDTH, sum(heights) + 0.6) as figure:
        label = drawable(explanation.class_name(loss.label), f"class {loss.label}")
        picture = shortened(drawable(explanation.opened.picture, instead="a picture"), 24)
        headline(
            figure,
            f"Backwards from the loss to {explanation.step.label}     {explanation.network} on "
            f"{picture}: L = −log p({shortened(label, 24)}) = {number(loss.value)}",
        )
        rows = iter(figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0])
        for words, gradient in sections:
            write_lines(next(rows), _lines(words, gradient))
            form = gradient.form
            if isinstance(form, WeightedSum) and terms_height(form, MOST_CHANNELS):
                draw_terms(next(rows), form, MOST_CHANNELS)


def _lines(words: str, gradient: Gradient) -> list[str]:
    return [
        f"{words}:   ∂L/∂{gradient.label} = {number(gradient.value)}",
        f"      {gradient.form.formula}",
        f"      = {gradient.form.inserted}",
    ]
