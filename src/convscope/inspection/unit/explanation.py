"""What `unit` finds out about one number: data alone, from which text and figures are made."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from convscope.graph.graph import Graph
from convscope.inspection.open.image import OpenedImage
from convscope.inspection.receptive_field.unit_field import UnitField
from convscope.inspection.unit.backward import NumberGradient
from convscope.inspection.unit.loss import Loss
from convscope.inspection.unit.steps import UnitStep


@dataclass(frozen=True)
class UnitBackward:
    """The way backwards to one number.

    Attributes:
        loss: What is differentiated.
        number: The gradient in the number itself.
        weight: The gradient in one of the weights it was computed with; None if the layer has none.
        source: The gradient in one of the numbers it was computed from; None for the image's own.
    """

    loss: Loss
    number: NumberGradient | None
    weight: NumberGradient | None
    source: NumberGradient | None

    @property
    def gradients(self) -> list[NumberGradient]:
        """The gradients that there are."""
        return [g for g in (self.number, self.weight, self.source) if g is not None]


@dataclass(frozen=True)
class UnitFindings:
    """The arithmetic behind one number.

    Attributes:
        network: The network's name.
        opened: The network and the image.
        graph: All numbers of the call.
        steps: How the number was computed: from where it was gathered of many, through what was
            done to it alone, on to the normalization and activation that follow.
        asked: Which of the steps computed the number that was asked about.
        sees: What the number can see of the image; None if it does not depend on it.
        backward: The way backwards, if it was asked for.
        notes: What a person should know.
    """

    network: str
    opened: OpenedImage = field(repr=False)
    graph: Graph = field(repr=False)
    steps: tuple[UnitStep, ...]
    asked: int
    sees: UnitField | None
    backward: UnitBackward | None
    notes: tuple[str, ...]

    @property
    def step(self) -> UnitStep:
        """The step that computed the number."""
        return self.steps[self.asked]

    @property
    def value(self) -> float:
        """The number, as the network computed it."""
        return self.step.value

    @property
    def checked(self) -> list[UnitStep | NumberGradient]:
        """All that is explained, each with how far it is from what the network computed."""
        return [*self.steps, *([] if self.backward is None else self.backward.gradients)]

    @property
    def agrees(self) -> bool:
        """Whether all that is explained is what the network computed, but for rounding."""
        return all(each.agrees for each in self.checked)

    def class_name(self, number: int) -> str:
        """A class by its name, or its number if names are not known."""
        names = self.opened.classes
        return names[number] if names else f"class {number}"

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        back = self.backward
        return {
            "network": self.network,
            "image": self.opened.image_name,
            "layer": self.step.layer,
            "unit": list(self.step.index),
            "value": self.value,
            "agrees": self.agrees,
            "steps": [step.as_dict() for step in self.steps],
            "asked": self.asked,
            "receptive_field": None if self.sees is None else asdict(self.sees.box),
            "backward": None
            if back is None
            else {
                "loss": back.loss.as_dict(),
                "unit": None if back.number is None else back.number.as_dict(),
                "weight": None if back.weight is None else back.weight.as_dict(),
                "input": None if back.source is None else back.source.as_dict(),
            },
            "notes": list(self.notes),
        }
