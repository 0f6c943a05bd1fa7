"""The upper row of a unit's figure: the image, the maps around the number, the activation."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from convscope.definitions.arrays import FloatArray
from convscope.graph.graph import Node
from convscope.graph.operations.forms import (
    Calculated,
    Copied,
    Extreme,
    Form,
    Share,
    WeightedSum,
)
from convscope.graph.operations.numbers import Numbers
from convscope.graph.operations.words import number
from convscope.inspection.unit.explanation import UnitFindings
from convscope.inspection.unit.figure_panels import draw_bars, mark
from convscope.inspection.unit.steps import UnitStep
from convscope.inspection.unit.tables import channels_by_size
from convscope.look.canvas import drawable, shorten
from convscope.look.palette import ABOVE, FAINT, INK
from convscope.look.panels import add_bar, draw_image, draw_values, value_range

MOST_UNITS = 256  # of a layer without maps that are drawn as bars
MOST_CLASSES = 20
STRAIGHT = ("ReLU", "leaky ReLU", "PReLU")  # these look the same at any distance from 0

Panel = tuple[str, Callable[[Axes], None]]  # title, and what draws it


def panels_of(explanation: UnitFindings) -> list[Panel]:
    """What there is to show, from left to right."""
    steps, form = explanation.steps, explanation.steps[0].form
    if isinstance(form, Share):
        return [_image(explanation), *_shares(form, explanation)]
    panels: list[Panel | None] = [_image(explanation)]
    panels += [_source_map(explanation, *source) for source in _sources(form)]
    shown = dict.fromkeys([0, explanation.asked, len(steps) - 1])
    panels += [_own_map(steps[place], explanation) for place in shown]
    panels += [_curve(step) for step in steps[-1:]]
    return [panel for panel in panels if panel is not None]


def _image(explanation: UnitFindings) -> Panel:
    opened, sees = explanation.opened, explanation.sees

    def draw(axes: Axes) -> None:
        if opened.image is not None:
            draw_image(axes, opened.image)
        else:
            pixels = opened.pixels[0].detach().float().cpu().numpy()
            low, high = float(pixels.min()), float(pixels.max())
            scaled = (pixels - low) * (255 / max(high - low, 1e-12))
            draw_image(axes, scaled.round().astype(np.uint8))
        if sees is not None and not all_of_it:
            mark(axes, sees.box.top, sees.box.left, sees.box.bottom, sees.box.right)

    all_of_it = sees is not None and bool(sees.rows.all() and sees.columns.all())
    size = " × ".join(map(str, opened.pixels.shape[2:]))
    name = shorten(drawable(opened.image_name, "image"), 24)
    seen = "all of it is seen" if all_of_it else "" if sees is None else "framed: what is seen"
    return f"{name}, {size}\n{seen}", draw


def _sources(form: Form) -> list[tuple[Numbers, tuple[int, ...]]]:
    """The numbers that were looked at, each with the channel that adds most."""
    if isinstance(form, WeightedSum):
        found: list[tuple[Numbers, tuple[int, ...]]] = []
        for term in form.terms:
            channel = channels_by_size(term, 1)[0][0]
            found += [(n, channel) for n in (term.left, term.right) if n.has_batch]
        return found
    if isinstance(form, Extreme | Copied):
        return [(form.given, ())]
    if isinstance(form, Calculated):
        return [(numbers, ()) for numbers in form.given.values() if numbers.has_batch]
    return []


def _source_map(
    explanation: UnitFindings, numbers: Numbers, channel: tuple[int, ...]
) -> Panel | None:
    node = _node(explanation, numbers.name)
    if node is None or len(node.shape) != 4 or node.shape[2] * node.shape[3] == 1:
        return None
    first, rows, columns = (np.atleast_1d(np.asarray(place)) for place in numbers.grid)
    own = int(first[channel[0] if channel else 0])
    plane = _values(node)[0, own]

    def draw(axes: Axes) -> None:
        _draw_map(axes, plane)
        mark(axes, rows.min(), columns.min(), rows.max(), columns.max())

    framed = "the window" if numbers.values.size > 1 else number(float(numbers.values.ravel()[0]))
    size = " × ".join(map(str, plane.shape))
    return f"{shorten(node.name, 24)}[{own}], {size}\nframed: {framed}", draw


def _draw_map(axes: Axes, plane: NDArray[np.float32]) -> None:
    image = draw_values(axes, plane, *value_range(plane))
    add_bar(axes.figure, image, axes)  # type: ignore[arg-type] # a part of a figure can, too


def _own_map(step: UnitStep, explanation: UnitFindings) -> Panel | None:
    node = _node(explanation, step.layer)
    if node is None:
        return None
    values = _values(node)
    values = values if node.batch_axis is None else np.moveaxis(values, node.batch_axis, 0)[0]
    size = " × ".join(map(str, step.shape[1:]))
    if len(step.shape) == 3 and step.shape[1] * step.shape[2] > 1:
        channel, row, column = step.index

        def draw_map(axes: Axes) -> None:
            _draw_map(axes, values[channel])
            mark(axes, row, column, row, column)

        name = f"{shorten(step.layer, 24)}[{channel}], {size}"
        return f"{name}\nframed: {number(step.value)}", draw_map
    if len(step.shape) != 1 or step.shape[0] > MOST_UNITS:
        return None

    def draw_units(axes: Axes) -> None:
        own = step.index[0]
        axes.bar(range(len(values)), values, color=FAINT, width=0.9)
        axes.bar([own], [values[own]], color=ABOVE, width=max(0.9, len(values) / 60))
        axes.axhline(0, color=FAINT, linewidth=0.5)
        axes.tick_params(labelsize=8)
        axes.grid(visible=False)

    name = f"{shorten(step.layer, 24)}, {step.shape[0]} units"
    return f"{name}\nred: number {step.index[0]}, {number(step.value)}", draw_units


def _curve(step: UnitStep) -> Panel | None:
    form = step.form
    if not isinstance(form, Calculated) or form.curve is None:
        return None
    curve = form.curve
    x = float(form.given["x"].values)

    def draw(axes: Axes) -> None:
        far = max(2.5 * abs(x), 0.1 if step.kind in STRAIGHT else 4.0)
        along = np.linspace(-far, far, 401)
        axes.plot(along, curve(along), color=INK, linewidth=1.2)
        axes.axvline(x, color=ABOVE, linewidth=0.8, linestyle=":")
        axes.axhline(form.result, color=ABOVE, linewidth=0.8, linestyle=":")
        axes.plot([x], [form.result], "o", color=ABOVE)
        axes.tick_params(labelsize=8)
        axes.set_box_aspect(1)

    return f"{step.kind}: {form.formula}\n{number(x)} becomes {number(form.result)}", draw


def _shares(form: Share, explanation: UnitFindings) -> list[Panel]:
    order = [int(i) for i in np.argsort(-form.scores.values, kind="stable")][:MOST_CLASSES]
    order += [] if form.own in order else [form.own]
    names = [drawable(explanation.class_name(i), f"class {i}") for i in order]
    total = number(float(form.powers.sum()))

    def bars(values: FloatArray, *, named: bool) -> Callable[[Axes], None]:
        def draw(axes: Axes) -> None:
            pairs = zip(names if named else [""] * len(order), values[order], strict=True)
            draw_bars(axes, [(text, float(value)) for text, value in pairs], order.index(form.own))

        return draw

    return [
        ("scores x", bars(form.scores.values, named=True)),
        (f"e^(x − largest score)\nthey add up to {total}", bars(form.powers, named=False)),
        ("probabilities:\nshares of that sum", bars(form.probabilities, named=False)),
    ]


def _node(explanation: UnitFindings, name: str) -> Node | None:
    found = next((node for node in explanation.graph if node.name == name), None)
    return None if found is explanation.graph.input else found


def _values(node: Node) -> NDArray[np.float32]:
    assert node.value is not None, "the image was real"  # noqa: S101
    return np.asarray(node.value.detach().float().cpu().numpy(), dtype=np.float32)
