"""A kernel learned from images and what an unknown kernel made of them, by gradient descent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from convscope.definitions.arrays import FloatArray, as_float
from convscope.definitions.cross_correlation import (
    cross_correlation,
    cross_correlation_2d,
    cross_correlation_backward,
)
from convscope.definitions.losses import squared_error, squared_error_backward
from convscope.errors import UsageError
from convscope.look import numbers
from convscope.look.language import pick
from convscope.look.palette import BLUE
from convscope.look.printed import Paragraph, Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class LearnedKernel(Printed):
    """What gradient descent made of a kernel.

    Attributes:
        wanted: The kernel that made the outputs, (height, width).
        kernels: The kernel before each step and after the last, (steps + 1, height, width).
        losses: Squared error, added up over all outputs, before each step and after the last.
        rate: Learning rate.
        free: Independent directions of the kernel that no output depends on, so that no training
            on these images can learn them.
    """

    wanted: FloatArray
    kernels: FloatArray = field(repr=False)
    losses: tuple[float, ...] = field(repr=False)
    rate: float
    free: int

    @property
    def learned(self) -> FloatArray:
        """The kernel after the last step."""
        return np.asarray(self.kernels[-1])

    @property
    def difference(self) -> float:
        """Largest difference between an entry of the learned kernel and of the wanted one."""
        return float(abs(self.learned - self.wanted).max())

    def error_on(self, images: ArrayLike) -> float:
        """Error of the learned kernel on other images, root mean square over that of the outputs.

        1 is what a kernel of zeros gets.

        Args:
            images: (height, width), or several (N, height, width).

        Raises:
            UsageError: All outputs of the wanted kernel are 0, so that there is nothing to compare.
        """
        x = _as_images(images)
        wanted = cross_correlation_2d(x, self.wanted[None, None])
        found = cross_correlation_2d(x, self.learned[None, None])
        if not wanted.any():
            raise UsageError("The wanted kernel gives only zeros on these images. Use others.")
        return float(np.linalg.norm(found - wanted) / np.linalg.norm(wanted))

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        steps = len(self.losses) - 1
        yield Paragraph(
            pick(
                f"After {steps} steps at rate {self.rate:.3g}",
                f"{steps} 步，学习率 {self.rate:.3g}",
            ),
            "bold",
        )
        rows = [
            (pick("wanted", "目标"), _matrix(self.wanted)),
            (pick("learned", "学到"), _matrix(self.learned)),
            (pick("squared error", "平方误差"), numbers.number(self.losses[-1], 2)),
            (pick("directions left open", "未被确定的方向"), str(self.free)),
        ]
        yield TextTable("", ("", ""), rows, left=frozenset({0, 1}))

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw the wanted and the learned kernel, and the error over the steps.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        from convscope.look.canvas import drawing, headline
        from convscope.look.panels import draw_numbers

        with drawing(path, 10.0, 3.8) as figure:
            if self.free:
                text = pick(
                    f"The error is gone, the kernel is another: {self.free} of {self.wanted.size} "
                    "directions were never seen",
                    f"误差没有了，核却不是原来的：{self.wanted.size} 个方向中"
                    f"有 {self.free} 个从未出现",
                )
            else:
                text = pick(
                    f"Learned from images alone: off by {self.difference:.1g} after "
                    f"{len(self.losses) - 1} steps",
                    f"只从图像中学到的核：{len(self.losses) - 1} 步后误差 {self.difference:.1g}",
                )
            headline(figure, text)
            wide = max(self.wanted.shape) / 3
            one, two, three = figure.subplots(1, 3, width_ratios=[wide, wide, 1.6])
            far = float(abs(self.wanted).max())
            for axes, values, title in (
                (one, self.wanted, pick("wanted", "目标核")),
                (two, self.learned, pick("learned", "学到的核")),
            ):
                draw_numbers(axes, np.round(values, 2 if far < 100 else 0) + 0.0, 11)
                axes.set_title(title)
            three.semilogy(np.maximum(self.losses, 1e-30), ".-", color=BLUE)
            three.set_xlabel(pick("step", "步"))
            three.set_title(pick("squared error", "平方误差"))
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            "wanted": self.wanted.tolist(),
            "learned": self.learned.tolist(),
            "losses": list(self.losses),
            "rate": self.rate,
            "difference": self.difference,
            "free": self.free,
        }


def learn_kernel(
    images: ArrayLike,
    kernel: ArrayLike,
    *,
    steps: int = 10,
    rate: float | None = 0.03,
    start: ArrayLike | None = None,
) -> LearnedKernel:
    """Learn a kernel from images and what it makes of them, by plain gradient descent.

    The loss is the squared error, added up over all outputs.

    Args:
        images: (height, width), or several (N, height, width).
        kernel: What made the outputs, (height, width); only the outputs are learned from.
        steps: Steps, each over all images.
        rate: Learning rate. None: 1 over the largest curvature of the loss, half of what would
            diverge.
        start: The kernel to start from; None: all 0.

    Raises:
        UsageError: Shapes don't fit together, or steps is below 1.
    """
    x, wanted = _as_images(images), as_float(kernel)
    first = np.zeros_like(wanted) if start is None else as_float(start)
    if wanted.ndim != 2 or first.shape != wanted.shape or steps < 1:
        raise UsageError(
            "kernel and start must be matrices of one shape and steps at least 1; got the shapes "
            f"{wanted.shape} and {first.shape}, steps {steps}."
        )
    target = cross_correlation(x, wanted[None, None])
    seen = np.lib.stride_tricks.sliding_window_view(x[:, 0], wanted.shape, axis=(1, 2))
    curvatures = np.linalg.eigvalsh(
        2 * np.einsum("nijab,nijcd->abcd", seen, seen).reshape(wanted.size, wanted.size)
    )
    rate = 1 / float(curvatures[-1]) if rate is None else rate
    kernels, losses = [first], []
    for _ in range(steps):
        y = cross_correlation(x, kernels[-1][None, None])
        losses.append(squared_error(y, target, reduction="sum"))
        gradient = squared_error_backward(y, target, reduction="sum")
        change = cross_correlation_backward(gradient, x, kernels[-1][None, None]).weight
        kernels.append(kernels[-1] - rate * change[0, 0])
    losses.append(
        squared_error(cross_correlation(x, kernels[-1][None, None]), target, reduction="sum")
    )
    free = int((curvatures < 1e-9 * curvatures[-1]).sum())
    return LearnedKernel(wanted, np.array(kernels), tuple(map(float, losses)), rate, free)


def _as_images(images: ArrayLike) -> FloatArray:
    x = as_float(images)
    if x.ndim not in (2, 3):
        raise UsageError(
            f"images must be (height, width) or (N, height, width); got the shape {x.shape}."
        )
    return x.reshape(-1, 1, *x.shape[-2:])


def _matrix(values: FloatArray) -> str:
    rows = "; ".join(" ".join(f"{number + 0.0:.3g}" for number in row) for row in values.round(3))
    return rows.replace("-", "−")
