"""What `unit` finds out about one number."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convscope.graph.arithmetic.backward import Gradient
from convscope.graph.arithmetic.forward import Step
from convscope.graph.arithmetic.loss import Loss
from convscope.graph.graph import Graph
from convscope.inspection.open.image import OpenedImage
from convscope.inspection.receptive_field.unit_field import UnitField

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult


@dataclass(frozen=True)
class Backward:
    """The way backwards to one number.

    Attributes:
        loss: What is differentiated.
        number: The gradient in the number itself.
        weight: That in one of the weights it was computed with; None if the layer has none.
        source: That in one of the numbers it was computed from; None for the image's own.
    """

    loss: Loss
    number: Gradient | None
    weight: Gradient | None
    source: Gradient | None

    @property
    def gradients(self) -> list[Gradient]:
        """Those that there are."""
        return [g for g in (self.number, self.weight, self.source) if g is not None]


@dataclass(frozen=True)
class UnitExplanation:
    """The arithmetic behind one number. It prints as text.

    Attributes:
        network: Name of the network.
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
    steps: tuple[Step, ...]
    asked: int
    sees: UnitField | None
    backward: Backward | None
    notes: tuple[str, ...]

    @property
    def step(self) -> Step:
        """The step that computed the number."""
        return self.steps[self.asked]

    @property
    def value(self) -> float:
        """The number, as the network computed it."""
        return self.step.value

    @property
    def checked(self) -> list[Step | Gradient]:
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

    def figure(self, path: str | Path) -> None:
        """Draw the way forwards.

        Args:
            path: The PNG to write.
        """
        from convscope.inspection.unit.figure import unit_figure

        unit_figure(path, self)

    def backward_figure(self, path: str | Path) -> None:
        """Draw the way backwards.

        Args:
            path: The PNG to write.

        Raises:
            UsageError: It was not asked for.
        """
        from convscope.inspection.unit.figure_backward import unit_backward_figure

        unit_backward_figure(path, self)

    def __str__(self) -> str:
        from convscope.inspection.unit.text import as_text

        return as_text(self)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from convscope.inspection.unit.text import as_parts

        yield from as_parts(self, options.max_width)
