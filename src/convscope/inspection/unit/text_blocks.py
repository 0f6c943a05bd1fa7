"""Small matrices as text, to stand side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.text import Text

from convscope.definitions.arrays import FloatArray

LARGEST = 9  # rows or columns; more can't be read
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
BETWEEN = 5  # characters of a sign and the gaps around it


@dataclass(frozen=True)
class MatrixBlock:
    """A matrix with a title.

    Attributes:
        title: What stands above; very small and large numbers get their power of ten there.
        note: What else stands above, as it is.
        values: The numbers, (rows, columns); None for a title alone.
        outside: Which of them are padding.
        winner: Which is to be marked.
    """

    title: str
    values: FloatArray | None
    outside: NDArray[np.bool_]
    winner: tuple[int, ...] | None
    note: str

    @property
    def has_padding(self) -> bool:
        """Whether some of it is padding."""
        return bool(self.outside.any())

    @property
    def power(self) -> int:
        """The power of ten that the numbers are written without."""
        largest = 0.0 if self.values is None else float(abs(self.values).max(initial=0))
        if largest == 0 or 0.1 <= largest < 1000:
            return 0
        return math.floor(math.log10(largest))

    def cells(self, decimals: int) -> list[list[str]]:
        """The numbers as text."""
        if self.values is None:
            return []
        scaled = self.values / 10.0**self.power
        return [
            [
                "·" if self.outside[at] else self._cell(float(scaled[at]), at, decimals)
                for at in ((row, column) for column in range(scaled.shape[1]))
            ]
            for row in range(scaled.shape[0])
        ]

    def _cell(self, value: float, at: tuple[int, int], decimals: int) -> str:
        text = f"{value:.{decimals}f}".replace("-", "−")
        if value == 0 or not text.strip("−0."):
            text = "0"
        return f"[{text}]" if at == self.winner else text

    def heading(self) -> str:
        """The title with the power of ten, and the note."""
        power = f"  · 10{str(self.power).translate(SUPERSCRIPTS)}" if self.power else ""
        return f"{self.title}{power}{self.note}"

    def width(self, decimals: int) -> int:
        """How many characters it takes."""
        lines = [self.heading(), *self._lines(decimals)]
        return max(len(line) for line in lines)

    def text(self, decimals: int) -> Text:
        """The title and the numbers."""
        text = Text(self.heading(), style="dim")
        for line in self._lines(decimals):
            text.append(f"\n{line}", style="not dim")
        return text

    def _lines(self, decimals: int) -> list[str]:
        cells = self.cells(decimals)
        wide = max((len(cell) for row in cells for cell in row), default=0)
        return [" ".join(cell.rjust(wide) for cell in row) for row in cells]


def block(
    title: str,
    values: FloatArray | None,
    outside: NDArray[np.bool_] | None = None,
    winner: tuple[int, ...] | None = None,
    note: str = "",
) -> MatrixBlock:
    """A block of these numbers."""
    if outside is None:
        outside = np.zeros((0, 0) if values is None else values.shape, bool)
    return MatrixBlock(title, values, outside, winner, note)


def fitting(rows: Sequence[Sequence[MatrixBlock]], width: int) -> int:
    """How many decimals fit beside one another in this width; 0 if not even 2 do."""
    blocks = [each for row in rows for each in row if each.values is not None]
    if any(max(each.values.shape) > LARGEST for each in blocks if each.values is not None):
        return 0
    for decimals in (4, 3, 2):
        if all(
            sum(each.width(decimals) for each in row) + BETWEEN * (len(row) - 1) <= width
            for row in rows
        ):
            return decimals
    return 0
