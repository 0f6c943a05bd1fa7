"""Gradients by small steps, to check those of automatic differentiation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from convscope.errors import UsageError
from convscope.look.language import pick
from convscope.look.printed import Paragraph, Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STEP = 1e-6  # near the best for central differences in float64, whose rounding is 1e-16


def finite_differences(
    function: Callable[[Tensor], Tensor], point: Tensor, step: float = STEP
) -> Tensor:
    """The gradient of a function by central differences: (f(x + h) − f(x − h)) / 2h, in float64.

    It takes two calls for each number of the point.

    Args:
        function: Maps a tensor to a scalar.
        point: Where; any shape.
        step: h, above 0.

    Returns:
        float64, of the shape of `point`.

    Raises:
        UsageError: `step` isn't above 0, or the function gives no scalar.
    """
    if step <= 0:
        raise UsageError(f"step must be above 0; given {step}.")
    point = point.detach().double()
    gradient = torch.zeros_like(point)
    with torch.no_grad():
        for place in range(point.numel()):
            moved = torch.zeros_like(point)
            moved.view(-1)[place] = step
            ahead, behind = function(point + moved), function(point - moved)
            if ahead.numel() != 1:
                raise UsageError(
                    f"The function must give one number, not a tensor of {tuple(ahead.shape)}."
                )
            gradient.view(-1)[place] = (ahead.squeeze() - behind.squeeze()) / (2 * step)
    return gradient


def automatic_gradient(function: Callable[[Tensor], Tensor], point: Tensor) -> Tensor:
    """The gradient of a function by reverse-mode differentiation, in float64.

    Args:
        function: Maps a tensor to a scalar.
        point: Where; any shape. Left as found.
    """
    point = point.detach().double().requires_grad_()
    (gradient,) = torch.autograd.grad(function(point).squeeze(), point)
    return gradient


@dataclass(frozen=True)
class StepErrors(Printed):
    """How far finite differences are off, by the step.

    Attributes:
        steps: The steps h.
        errors: The norm of the difference to the automatic gradient over the norm of that one.
    """

    steps: tuple[float, ...]
    errors: tuple[float, ...]

    @property
    def best_step(self) -> float:
        """The step of the smallest error."""
        return self.steps[self.errors.index(min(self.errors))]

    @property
    def smallest_error(self) -> float:
        """The error at the best step."""
        return min(self.errors)

    def error(self, step: float) -> float:
        """The error at one of the steps.

        Raises:
            UsageError: It wasn't tried.
        """
        if step not in self.steps:
            raise UsageError(f"No step {step:g}; there are {', '.join(map(str, self.steps))}.")
        return self.errors[self.steps.index(step)]

    def shown(self) -> Iterator[Part]:
        """The errors as a table."""
        yield Paragraph(
            pick(
                f"Best step: {self.best_step:.0e}, where the relative error is "
                f"{self.smallest_error:.0e}",
                f"最好的步长：{self.best_step:.0e}，相对误差 {self.smallest_error:.0e}",
            ),
            "bold",
        )
        rows = [
            [f"{step:.0e}", f"{error:.1e}"]
            for step, error in zip(self.steps, self.errors, strict=True)
        ]
        yield TextTable("", [pick("step", "步长"), pick("error", "误差")], rows, left=frozenset())

    def figure(self, path: str | Path | None = None) -> Figure:
        """The error over the step, both axes logarithmic.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        from convscope.experiments.gradient_figures import step_errors_figure

        return step_errors_figure(self, path)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {"steps": [*self.steps], "errors": [*self.errors]}


def measure_step_errors(
    function: Callable[[Tensor], Tensor], point: Tensor, steps: Sequence[float]
) -> StepErrors:
    """How far finite differences are from the automatic gradient, for several steps.

    A large step meets the curvature (its error shrinks with h²), a small one the rounding of the
    two values (its error grows with 1/h).

    Args:
        function: Maps a tensor to a scalar.
        point: Where.
        steps: The steps to try.
    """
    right = automatic_gradient(function, point)
    errors = [
        float((finite_differences(function, point, step) - right).norm() / right.norm())
        for step in steps
    ]
    return StepErrors(tuple(steps), tuple(errors))
