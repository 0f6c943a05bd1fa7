"""The perceptron learns from its mistakes: how many it makes, and how many it can make at most.

Source of the bound: Novikoff, "On convergence proofs for perceptrons", 1962. If weights of length 1
(bias among them) give every example, with a 1 appended for the bias, at least the margin γ on its
side, and no example is longer than R, the rule makes at most (R/γ)² mistakes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from convscope.definitions.arrays import FloatArray, as_float
from convscope.definitions.neuron import learn_perceptron
from convscope.errors import UsageError
from convscope.look.canvas import drawing, headline
from convscope.look.language import pick
from convscope.look.numbers import number
from convscope.look.palette import FAINT, INK, SERIES
from convscope.look.printed import Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DRAWN_PASSES = 40  # bars of the figure; a perceptron that never rests would draw without end


@dataclass(frozen=True)
class PerceptronCourse(Printed):
    """How a perceptron learned. It prints and, with two inputs, draws itself.

    Attributes:
        x: The examples, (examples, inputs).
        targets: 0 or 1 for each.
        mistakes: Wrong answers in each pass; the last is 0 if it came to rest.
        weight: What it learned, (inputs,).
        bias: A single number.
        bound: At most so many mistakes, (R/γ)² for the separation that was given; None without one.
    """

    x: FloatArray
    targets: FloatArray
    mistakes: tuple[int, ...]
    weight: FloatArray
    bias: float
    bound: float | None

    @property
    def total(self) -> int:
        """Mistakes of all passes."""
        return sum(self.mistakes)

    @property
    def passes(self) -> int:
        """How often it went through the examples."""
        return len(self.mistakes)

    @property
    def rests(self) -> bool:
        """Whether a whole pass went by without a mistake."""
        return self.mistakes[-1] == 0

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        rows = [
            (pick("examples", "样本数"), f"{len(self.x)}"),
            (pick("passes", "遍数"), f"{len(self.mistakes)}"),
            (pick("mistakes, all passes", "各遍错误总数"), f"{self.total}"),
            (pick("mistakes, last pass", "最后一遍的错误数"), f"{self.mistakes[-1]}"),
        ]
        if self.bound is not None:
            rows.append((pick("at most (R/γ)²", "上界 (R/γ)²"), number(self.bound, 3)))
        yield TextTable(pick("A perceptron learns", "感知机的学习过程"), ("", ""), rows)

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw the examples with the line that was learned, and the mistakes of each pass.

        Args:
            path: The PNG to write; None only gives the figure.

        Raises:
            UsageError: There are not two inputs, so that nothing can be drawn in a plane.
        """
        if self.x.shape[1] != 2:
            raise UsageError(f"Two inputs can be drawn in a plane; there are {self.x.shape[1]}.")
        with drawing(path, 9.0, 4.0) as figure:
            headline(
                figure,
                pick(
                    f"At rest after {self.total} mistakes",
                    f"犯了 {self.total} 次错误之后静止",
                )
                if self.rests
                else pick(
                    f"No rest: still {self.mistakes[-1]} mistakes in pass {self.passes}",
                    f"永不静止：第 {self.passes} 遍仍有 {self.mistakes[-1]} 个错误",
                ),
            )
            plane, passes = figure.subplots(1, 2)
            self._draw_plane(plane)
            drawn = self.mistakes[:DRAWN_PASSES]
            passes.set_axisbelow(True)
            passes.bar(range(1, len(drawn) + 1), drawn, color=SERIES[1])
            passes.set_xlabel(
                pick("pass over the examples", "第几遍")
                if len(drawn) == self.passes
                else pick(
                    f"pass over the examples (the first {len(drawn)})",
                    f"第几遍（前 {len(drawn)} 遍）",
                )
            )
            passes.yaxis.get_major_locator().set_params(integer=True)
            passes.set_ylabel(pick("mistakes", "错误数"))
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            "examples": len(self.x),
            "mistakes": [*self.mistakes],
            "weight": self.weight.tolist(),
            "bias": self.bias,
            "bound": self.bound,
        }

    def _draw_plane(self, axes: Axes) -> None:
        for target, marker, colour in ((0, "o", SERIES[0]), (1, "s", SERIES[1])):
            points = self.x[self.targets == target]
            axes.scatter(
                points[:, 0], points[:, 1], marker=marker, color=colour, s=26, label=f"{target}"
            )
        low, high = self.x.min(axis=0) - 0.3, self.x.max(axis=0) + 0.3
        across, up = np.meshgrid(np.linspace(low[0], high[0], 80), np.linspace(low[1], high[1], 80))
        sums = self.weight[0] * across + self.weight[1] * up + self.bias
        axes.contourf(across, up, sums > 0, levels=[-0.5, 0.5, 1.5], alpha=0.12,
                      colors=[SERIES[0], SERIES[1]])  # fmt: skip
        if sums.min() < 0 < sums.max():
            axes.contour(across, up, sums, levels=[0], colors=[INK])
        axes.legend(title=pick("target", "目标"), loc="best")
        axes.tick_params(colors=FAINT)
        axes.grid(visible=False)


def follow_perceptron(
    x: ArrayLike, targets: ArrayLike, *, passes: int = 100, separation: ArrayLike | None = None
) -> PerceptronCourse:
    """Let a perceptron learn, and count its mistakes beside the bound on them.

    Args:
        x: Examples, (examples, inputs).
        targets: 0 or 1 for each example, (examples,).
        passes: How often to go through the examples at most.
        separation: Weights (inputs + 1,), the bias last, that are known to separate the classes:
            the bound is computed from their margin. None: no bound is known.

    Raises:
        UsageError: The shapes do not agree, a target is not 0 or 1, or the separation does not
            separate.
    """
    x, targets = as_float(x), as_float(targets)
    learned = learn_perceptron(x, targets, passes=passes)
    bound = None if separation is None else _bound(x, targets, as_float(separation))
    return PerceptronCourse(
        x, targets, tuple(learned.mistakes), learned.weight, float(learned.bias), bound
    )


def draw_separable_points(
    count: int, margin: float, *, seed: int = 0
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Points of a square that a line separates, with a gap around the line.

    Args:
        count: How many points.
        margin: No point is nearer to the line than that; the square's side is 2.
        seed: Of the points and the line.

    Returns:
        The points (count, 2), their targets (count,), and the line as weights (3,), the bias last.

    Raises:
        UsageError: The margin leaves no room.
    """
    if not 0 <= margin < 0.5:
        raise UsageError(f"margin must be at least 0 and below 0.5; given {margin}.")
    random = np.random.default_rng(seed)
    angle = random.uniform(0, 2 * np.pi)
    line = np.array([np.cos(angle), np.sin(angle), random.uniform(-0.2, 0.2)])
    points = np.empty((0, 2))
    while len(points) < count:
        drawn = random.uniform(-1, 1, (4 * count, 2))
        points = np.concatenate([points, drawn[abs(drawn @ line[:2] + line[2]) >= margin]])
    points = points[:count]
    return points, (points @ line[:2] + line[2] > 0).astype(float), line


def _bound(x: FloatArray, targets: FloatArray, separation: FloatArray) -> float:
    with_one = np.concatenate([x, np.ones((len(x), 1))], axis=1)  # the bias is a weight on it
    if separation.shape != (with_one.shape[1],):
        raise UsageError(
            f"separation must hold {with_one.shape[1]} numbers, one for each input and the bias; "
            f"got the shape {separation.shape}."
        )
    signs = np.where(targets == 1, 1.0, -1.0)
    margins = signs * (with_one @ separation) / np.linalg.norm(separation)
    if margins.min() <= 0:
        raise UsageError("separation does not separate the examples: one lies on the wrong side.")
    return float((np.linalg.norm(with_one, axis=1).max() / margins.min()) ** 2)
