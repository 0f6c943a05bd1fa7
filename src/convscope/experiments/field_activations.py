"""Effective receptive fields of one stack with different activations, and what a threshold sees."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from convscope.errors import UsageError
from convscope.experiments.effective_growth import StackField, measure_effective_growth
from convscope.look.language import pick
from convscope.look.numbers import number
from convscope.look.printed import Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class FieldsByActivation(Printed):
    """The field of a stack's middle unit under each activation. It prints and draws itself.

    Attributes:
        fields: By activation, all of one depth and with weights from the same seed.
        threshold: Gradients of at most this size count as 0 for `seen`.
    """

    fields: Mapping[str, StackField]
    threshold: float

    def seen(self, activation: str) -> int:
        """Rows that a tool finds which takes gradients below the threshold for 0."""
        return int((self.fields[activation].effective > self.threshold).any(axis=1).sum())

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        layers = next(iter(self.fields.values())).layers
        title = pick(f"{layers} layers of 3×3, by activation", f"{layers} 层 3×3 卷积，按激活函数")
        headings = (
            pick("activation", "激活函数"), pick("theoretical", "理论"),
            pick("effective (4σ)", "有效（4σ）"), pick("largest gradient", "最大梯度"),
            pick(f"rows above {self.threshold:.0e}", f"大于 {self.threshold:.0e} 的行数"),
        )  # fmt: skip
        rows = [
            (name, str(field.theoretical), number(field.width, 3), f"{field.peak:.1e}",
             str(self.seen(name)))
            for name, field in self.fields.items()
        ]  # fmt: skip
        yield TextTable(title, headings, rows)

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw all fields on one scale, and each on its own.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        from convscope.experiments.effective_figures import activations_figure

        return activations_figure(self.fields, path)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold, without the maps."""
        return {
            name: {"width": field.width, "peak": field.peak, "seen": self.seen(name)}
            for name, field in self.fields.items()
        } | {"threshold": self.threshold}


def compare_field_activations(
    activations: Sequence[str] = ("relu", "tanh", "sigmoid"),
    *,
    layers: int = 10,
    threshold: float = 1e-3,
    seed: int = 0,
) -> FieldsByActivation:
    """Measure the field of one stack of 3×3 convolutions under several activations.

    Args:
        activations: Names; see `build_convolution_stack`.
        layers: How many convolutions.
        threshold: Gradients of at most this size count as 0 for `seen`.
        seed: Of weights and noise.

    Raises:
        UsageError: No activation, an unknown one, or a negative threshold.
    """
    if not activations or not threshold >= 0 or not np.isfinite(threshold):
        raise UsageError(
            "compare_field_activations needs an activation and a threshold from 0 on; got "
            f"{len(activations)} activations and {threshold}."
        )
    fields = {
        name: measure_effective_growth([layers], activation=name, seed=seed).fields[0]
        for name in activations
    }
    return FieldsByActivation(fields, threshold)
