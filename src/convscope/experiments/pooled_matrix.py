"""Pooling of one small matrix, by the definition and by PyTorch, with its windows drawn.

pooled = pool_matrix(np.arange(16).reshape(4, 4), 3, padding=1, stride=2)
print(pooled.values)                  # [[5, 7], [13, 15]]
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch.nn.functional as F
from numpy.typing import ArrayLike, NDArray
from torch import from_numpy

from convscope.definitions import pooling
from convscope.errors import UsageError, unknown_name
from convscope.look.language import pick
from convscope.look.numbers import number
from convscope.look.printed import Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KINDS = ("max", "average")


@dataclass(frozen=True)
class PooledMatrix(Printed):
    """A matrix and what pooling makes of it.

    Attributes:
        kind: "max" or "average".
        window: Height and width of a window.
        padding: Numbers added on each side.
        stride: Numbers from one window to the next.
        matrix: What was pooled, (height, width).
        values: By the definition, (rows, columns).
        framework: The same by PyTorch, in float32.
    """

    kind: str
    window: int
    padding: int
    stride: int
    matrix: NDArray[np.float64] = field(repr=False)
    values: NDArray[np.float64]
    framework: NDArray[np.float64] = field(repr=False)

    @property
    def difference(self) -> float:
        """The largest difference between the definition and PyTorch; infinite for other shapes."""
        if self.values.shape != self.framework.shape:
            return float("inf")
        return float(abs(self.values - self.framework).max())

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        title = pick(
            f"{self.kind} of {self.window} × {self.window}, padding {self.padding}, "
            f"stride {self.stride}",
            f"{'最大' if self.kind == 'max' else '平均'}汇聚，窗口 {self.window} × {self.window}，"
            f"填充 {self.padding}，步幅 {self.stride}",
        )
        rows = [[number(float(value)) for value in row] for row in self.values]
        yield TextTable(title, [""] * self.values.shape[1], rows, left=frozenset())

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw the matrix with its first and last window, and the result.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        from convscope.experiments.pooled_matrix_figure import pooled_matrix_figure

        return pooled_matrix_figure(self, path)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            "kind": self.kind,
            "window": self.window,
            "padding": self.padding,
            "stride": self.stride,
            "matrix": self.matrix.tolist(),
            "values": self.values.tolist(),
            "difference": self.difference,
        }


def pool_matrix(
    matrix: ArrayLike,
    window: int,
    *,
    padding: int = 0,
    stride: int | None = None,
    kind: str = "max",
) -> PooledMatrix:
    """Pool one matrix by the definition (`definitions.pooling`) and by PyTorch.

    Args:
        matrix: (height, width).
        window: Height and width of a window.
        padding: Numbers added on each side: −∞ for the maximum, 0 for the average.
        stride: Numbers from one window to the next; None: not said, so that each takes its default.
        kind: "max" or "average".

    Raises:
        UsageError: It is no matrix, there is no such kind, or the settings don't fit.
    """
    if kind not in KINDS:
        raise unknown_name("kind of pooling", kind, KINDS)
    numbers = np.asarray(matrix, dtype=np.float64)
    if numbers.ndim != 2:
        raise UsageError(f"matrix must be (height, width); given the shape {numbers.shape}.")
    define, compute = (
        (pooling.max_pool, F.max_pool2d) if kind == "max" else (pooling.average_pool, F.avg_pool2d)
    )
    values = define(numbers[None, None], window, padding=padding, stride=stride)[0, 0]
    given = from_numpy(numbers.astype(np.float32))[None, None]
    by_torch = compute(given, window, stride=stride, padding=padding)[0, 0].double().numpy()
    moves = _stride(numbers.shape, values.shape, window, padding) if stride is None else stride
    return PooledMatrix(kind, window, padding, moves, numbers, values, by_torch)


def _stride(matrix: tuple[int, ...], output: tuple[int, ...], window: int, padding: int) -> int:
    """The stride that was taken where none was given, read off the sizes."""
    room = max(size + 2 * padding - window for size in matrix)
    return next((s for s in range(window, 0, -1) if room // s + 1 == max(output)), window)
