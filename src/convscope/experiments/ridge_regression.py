"""Weight decay where it matters: linear regression with more inputs than examples.

y = 0.05 + Σ 0.01 · xᵢ + noise, with xᵢ from N(0, 1) and noise from N(0, 0.01²). Without decay 200
weights fit 20 examples exactly, in endless many ways.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from convscope.errors import UsageError
from convscope.look.canvas import drawing, headline
from convscope.look.language import pick
from convscope.look.numbers import number
from convscope.look.palette import TEST, TRAINING
from convscope.look.printed import Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = np.ndarray[Any, np.dtype[np.float64]]
BIAS, WEIGHT, NOISE = 0.05, 0.01, 0.01
TESTED = 1000


@dataclass(frozen=True)
class RegressionCourse:
    """One gradient descent.

    Attributes:
        train: Mean squared error of the examples after each step.
        test: The same of 1,000 others.
        norm: Norm of the weights at the end.
        weights: The weights at the end, (inputs,).
        bias: The bias at the end.
    """

    train: tuple[float, ...]
    test: tuple[float, ...]
    norm: float
    weights: Array
    bias: float


@dataclass(frozen=True)
class DecayComparison(Printed):
    """Linear regression with several strengths of weight decay.

    Attributes:
        courses: By strength λ.
        inputs: Weights that are fitted.
        examples: Examples they are fitted to.
        true_norm: Norm of the true weights.
    """

    courses: Mapping[float, RegressionCourse]
    inputs: int
    examples: int
    true_norm: float

    @property
    def guessing(self) -> float:
        """Expected error of always naming the mean: the variance of y."""
        return self.true_norm**2 + NOISE**2

    def gap(self, strength: float) -> float:
        """Test error minus training error at the end."""
        course = self.courses[strength]
        return course.test[-1] - course.train[-1]

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        yield TextTable(
            pick(
                f"{self.inputs} inputs, {self.examples} examples",
                f"{self.inputs} 个输入，{self.examples} 个样本",
            ),
            (
                pick("decay λ", "衰减 λ"),
                pick("training error", "训练误差"),
                pick("test error", "测试误差"),
                pick("norm of weights", "权重的范数"),
            ),
            [
                (number(strength), number(course.train[-1], 2), number(course.test[-1], 2),
                 number(course.norm, 2))
                for strength, course in self.courses.items()
            ],
            left=frozenset(),
        )  # fmt: skip

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw both errors over the steps, a panel for each strength.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        with drawing(path, 9.0, 3.9) as figure:
            headline(
                figure,
                pick(
                    "Without decay training is perfect, and the test learns nothing from it",
                    "没有衰减：训练完美，测试却毫无起色",
                ),
            )
            panels = figure.subplots(1, len(self.courses), sharey=True, squeeze=False)[0]
            for axes, (strength, course) in zip(panels, self.courses.items(), strict=True):
                steps = range(1, len(course.train) + 1)
                axes.plot(steps, course.train, color=TRAINING, label=pick("training", "训练"))
                axes.plot(steps, course.test, color=TEST, label=pick("test", "测试"))
                axes.set_yscale("log")
                axes.set_ylim(1e-7, 1e3)
                axes.set_title(f"λ = {strength:g}")
                axes.set_xlabel(pick("step", "步"))
            panels[0].set_ylabel(pick("mean squared error", "均方误差"))
            panels[-1].legend(loc="upper right")
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            "inputs": self.inputs,
            "examples": self.examples,
            "true_norm": self.true_norm,
            "courses": {
                str(strength): {
                    "train": [*course.train], "test": [*course.test], "norm": course.norm,
                }
                for strength, course in self.courses.items()
            },
        }  # fmt: skip


def compare_decay(
    strengths: Sequence[float] = (0.0, 3.0),
    *,
    inputs: int = 200,
    examples: int = 20,
    steps: int = 300,
    rate: float = 0.03,
    seed: int = 0,
) -> DecayComparison:
    """Fit a line in many dimensions by gradient descent on ½ · mean squared error + λ/2 · ‖w‖².

    Weights begin at N(0, 1), the bias at 0; the bias doesn't decay.

    Args:
        strengths: λ, each at least 0.
        inputs: How many.
        examples: How many.
        steps: Of gradient descent over all examples.
        rate: Learning rate.
        seed: Of data and first weights; the same for all strengths.

    Raises:
        UsageError: A strength is below 0, or one of the counts below 1.
    """
    if not strengths or min(strengths) < 0 or min(inputs, examples, steps) < 1:
        raise UsageError(
            f"compare_decay takes strengths of at least 0 and counts of at least 1; given "
            f"{tuple(strengths)}, {inputs} inputs, {examples} examples, {steps} steps."
        )
    random = np.random.default_rng(seed)
    learned, unseen = (_draw(count, inputs, random) for count in (examples, TESTED))
    first = random.normal(size=inputs)
    courses = {each: _descend(learned, unseen, first, each, steps, rate) for each in strengths}
    return DecayComparison(courses, inputs, examples, WEIGHT * inputs**0.5)


def _draw(count: int, inputs: int, random: np.random.Generator) -> tuple[Array, Array]:
    x = random.normal(size=(count, inputs))
    return x, BIAS + WEIGHT * x.sum(1) + NOISE * random.normal(size=count)


def _descend(
    learned: tuple[Array, Array],
    unseen: tuple[Array, Array],
    first: Array,
    strength: float,
    steps: int,
    rate: float,
) -> RegressionCourse:
    weights, bias = first.copy(), 0.0
    x, y = learned
    train: list[float] = []
    test: list[float] = []
    for _ in range(steps):
        errors = x @ weights + bias - y
        weights = weights - rate * (x.T @ errors / len(y) + strength * weights)
        bias -= rate * float(errors.mean())
        for part, (inputs, targets) in ((train, learned), (test, unseen)):
            part.append(float(((inputs @ weights + bias - targets) ** 2).mean()))
    norm = float(np.linalg.norm(weights))
    return RegressionCourse(tuple(train), tuple(test), norm, weights, bias)
