"""Where one number comes from, forwards and backwards, and what it sees of the image."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from convscope.errors import ConvscopeError
from convscope.graph.arithmetic import GENERAL_WAY
from convscope.graph.operations.forms import WeightedSum
from convscope.inspection.receptive_field.effective_field import effective_field, pixels_of_share
from convscope.inspection.unit.backward import WEIGHT_WAY, NumberGradient
from convscope.inspection.unit.explanation import UnitBackward
from convscope.inspection.unit.steps import UnitStep
from convscope.inspection.unit.unit import UnitExplanation, explain_unit
from convscope.runtime.usual_settings import usual_settings
from convscope.studio.network.arithmetic import send_form, send_number
from convscope.studio.network.subject import InspectedSubject
from convscope.studio.numbers import send_array
from convscope.studio.refusals import refuse

WAYS = {
    GENERAL_WAY: "derivative",
    WEIGHT_WAY: "met",
    "gradient · slope": "slope",
    "gradient · slope, summed over the classes": "classes",
    "gradient · the other factor": "factor",
    "gradient · weight, summed over the units": "units",
    "gradient · weight, summed over the windows it lies in": "windows",
    "gradient · γ / √(variance + ε)": "norm",
    "its share of the gradient": "share",
    "the gradient of the windows where it won": "won",
    "the gradient, passed on": "passed",
}
"""What the page calls the ways in which the library says that gradients flow back."""
REASONS = {"it is the label": "label", "it is not the label": "other"}
"""What the page calls the reasons of the slope at the network's output."""
SHARE = 0.9
"""The part of what matters whose pixels are counted."""


def explain(
    subject: InspectedSubject, unit: str, *, backward: bool, label: int | None
) -> dict[str, Any]:
    """The arithmetic of one number, as data.

    Args:
        subject: The network and the image.
        unit: As in "features.conv1:2,10,12".
        backward: Also the gradients of the loss.
        label: The class taken as right; None: the predicted one.

    Raises:
        Refused: There is no such unit or class, or it can't be explained; it says why.
    """
    try:
        with usual_settings():
            found = explain_unit(subject.opened, unit, backward=backward, label=label)
    except ConvscopeError as error:
        raise refuse("refused.network.unit", unit=unit, reason=str(error)) from None
    return {
        "layer": found.step.layer,
        "index": list(found.step.index),
        "shape": list(found.step.shape),
        **send_number(found.value),
        "agrees": found.agrees,
        "steps": [_step(step, found) for step in found.steps],
        "asked": found.asked,
        "sees": None if found.sees is None else asdict(found.sees.box),
        "backward": None if found.backward is None else _backward(found.backward, found),
    }


def field_of(subject: InspectedSubject, unit: str) -> dict[str, Any]:
    """How much each pixel matters to a unit: (1, height, width), the size of the gradient.

    Raises:
        Refused: There is no such unit, or no gradient leads from it to the image.
    """
    try:
        layer, index = unit_parts(unit)
        opened = subject.opened
        with usual_settings():
            found = effective_field(opened.network, opened.pixels, layer, index)
    except (ConvscopeError, ValueError) as error:
        raise refuse("refused.network.unit", unit=unit, reason=str(error)) from None
    return {
        "field": send_array(found[None]),
        "share": SHARE,
        "pixels": pixels_of_share(found, SHARE),
        "count": int(found.size),
    }


def unit_parts(unit: str) -> tuple[str, tuple[int, ...]]:
    """The layer and the place of a unit, as in "features.conv1:2,10,12".

    Raises:
        ValueError: The place is no numbers.
    """
    layer, _, numbers = unit.rpartition(":")
    return layer, tuple(int(number) for number in numbers.split(","))


def _checked(each: UnitStep | NumberGradient) -> dict[str, Any]:
    """A number, and how far what explains it is from what PyTorch computed."""
    return {
        "index": list(each.index),
        **send_number(each.value),
        "explained": send_number(each.form.result),
        "difference": send_number(abs(each.form.result - each.value) if each.error else 0.0),
        "agrees": each.agrees,
        "formula": each.form.formula,
        "in_numbers": each.form.inserted,
    }


def _step(step: UnitStep, found: UnitExplanation) -> dict[str, Any]:
    return {
        "layer": step.layer,
        "kind": step.kind,
        "description": step.description,
        **_checked(step),
        "arithmetic": send_form(step.form, found.graph),
    }


def _backward(back: UnitBackward, found: UnitExplanation) -> dict[str, Any]:
    loss = back.loss
    return {
        "label": loss.label,
        "predicted": loss.predicted,
        "probability": send_number(float(loss.probabilities[loss.label])),
        "loss": send_number(loss.value),
        "unit": _gradient(back.number, found),
        "weight": _gradient(back.weight, found),
        "input": _gradient(back.source, found),
    }


def _gradient(gradient: NumberGradient | None, found: UnitExplanation) -> dict[str, Any] | None:
    if gradient is None:
        return None
    checked = _checked(gradient)
    formula, _, reason = str(checked["formula"]).partition(", as ")
    unused = not gradient.ways and isinstance(gradient.form, WeightedSum)
    terms = gradient.form.terms if isinstance(gradient.form, WeightedSum) else ()
    return {
        "name": gradient.name,
        "through": list(gradient.through),
        "ways": [
            {"way": WAYS.get(way, ""), "words": way, "layers": list(layers)}
            for way, layers in gradient.ways
        ],
        "unexplained": list(gradient.unexplained),
        **checked,
        "formula": "" if unused else formula,
        "why": "unused" if unused else REASONS.get(reason),
        "uses": sum(term.products.size for term in terms) if gradient.is_weight else 1,
        "arithmetic": send_form(gradient.form, found.graph),
    }
