"""Output sizes by the formula and by a real convolution, in both conventions of padding.

Textbooks give the padding of both sides together, frameworks that of each side: the same letter p
for two numbers, of which one is twice the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F

from convscope.definitions.windows import output_size
from convscope.look.language import pick
from convscope.look.printed import Part, Printed, TextTable

Pair = tuple[int, int]


class SlidingCase(NamedTuple):
    """A convolution's settings, each as (along the height, along the width).

    Attributes:
        size: Of the image.
        kernel: Of the kernel.
        padding: Added pixels on *each* side, as frameworks take it.
        stride: Pixels from one window to the next.
        dilation: Pixels from one kernel entry to the next.
    """

    size: Pair
    kernel: Pair
    padding: Pair = (0, 0)
    stride: Pair = (1, 1)
    dilation: Pair = (1, 1)


CASES = (
    SlidingCase((8, 8), (3, 3), (1, 1)),
    SlidingCase((8, 8), (5, 3), (2, 1)),
    SlidingCase((8, 8), (3, 3), (1, 1), (2, 2)),
    SlidingCase((8, 8), (3, 5), (0, 1), (3, 4)),
    SlidingCase((8, 8), (3, 3), (2, 2), (1, 1), (2, 2)),
)
"""Five settings that all textbooks have in some form."""


class SizeRow(NamedTuple):
    """One setting and its sizes.

    Attributes:
        case: The setting.
        formula: By the formula, with p twice the padding of each side.
        measured: What PyTorch's convolution of a real image gives.
        misread: By the formula, with the padding of *one* side taken for p; None where no window
            would fit.
    """

    case: SlidingCase
    formula: Pair
    measured: Pair
    misread: Pair | None


@dataclass(frozen=True)
class OutputSizes(Printed):
    """Settings and their output sizes. It prints as a table.

    Attributes:
        rows: One for each setting.
    """

    rows: tuple[SizeRow, ...]

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        headings = (
            pick("image", "图像"),
            pick("kernel", "卷积核"),
            pick("p each side", "p（每侧）"),
            pick("p in all", "p（合计）"),
            pick("stride", "步幅"),
            pick("dilation", "膨胀"),
            pick("formula", "公式"),
            "PyTorch",
            pick("p misread", "误读 p"),
        )
        rows = [
            (
                _by(row.case.size),
                _by(row.case.kernel),
                _comma(row.case.padding),
                _comma((2 * row.case.padding[0], 2 * row.case.padding[1])),
                _comma(row.case.stride),
                _comma(row.case.dilation),
                _by(row.formula),
                _by(row.measured),
                "–" if row.misread is None else _by(row.misread),
            )
            for row in self.rows
        ]
        title = pick("⌊(n − span + p + s) / s⌋", "⌊(n − 跨度 + p + s) / s⌋")
        yield TextTable(title, headings, rows, left=frozenset())

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            "rows": [
                {
                    **{name: [*pair] for name, pair in row.case._asdict().items()},
                    "formula": [*row.formula],
                    "measured": [*row.measured],
                    "misread": None if row.misread is None else [*row.misread],
                }
                for row in self.rows
            ]
        }


class SizeCheck(NamedTuple):
    """How often the formula gives what PyTorch gives, over many settings along one axis.

    Attributes:
        settings: How many settings have an output at all.
        agree: With p as both sides together.
        padded: Settings of stride 1 with padding.
        misread_agree: How many of these agree with p misread as that of one side.
    """

    settings: int
    agree: int
    padded: int
    misread_agree: int


def compare_output_sizes(cases: Sequence[SlidingCase] = CASES) -> OutputSizes:
    """Set the formula beside a real convolution, for each setting.

    Args:
        cases: The settings; by default five usual ones on an image of 8×8.

    Raises:
        UsageError: A kernel does not fit into its padded image.
    """
    return OutputSizes(tuple(map(_row, cases)))


def check_output_sizes(largest: int = 12) -> SizeCheck:
    """Compare formula and PyTorch for kernels up to 4, paddings and strides to 3, dilations to 2.

    Args:
        largest: Sizes of the image run from 1 to this.
    """
    settings = agree = padded = misread_agree = 0
    for n, k, p, s, d in product(
        range(1, largest + 1), range(1, 5), range(4), range(1, 4), range(1, 3)
    ):
        if d * (k - 1) + 1 > n + 2 * p:
            continue
        row = _row(SlidingCase((n, n), (k, k), (p, p), (s, s), (d, d)))
        settings += 1
        agree += row.formula == row.measured
        if p and s == 1:
            padded += 1
            misread_agree += row.misread == row.measured
    return SizeCheck(settings, agree, padded, misread_agree)


def _row(case: SlidingCase) -> SizeRow:
    measured = F.conv2d(
        torch.zeros(1, 1, *case.size), torch.zeros(1, 1, *case.kernel),
        padding=case.padding, stride=case.stride, dilation=case.dilation,
    ).shape[2:]  # fmt: skip
    formula, misread = (
        [
            output_size(n, k, total_padding=sides * p, stride=s, dilation=d)
            if d * (k - 1) + 1 <= n + sides * p
            else 0
            for n, k, p, s, d in zip(*case, strict=True)
        ]
        for sides in (2, 1)
    )
    return SizeRow(
        case,
        (formula[0], formula[1]),
        (measured[0], measured[1]),
        (misread[0], misread[1]) if all(misread) else None,
    )


def _by(pair: Sequence[int]) -> str:
    return f"{pair[0]} × {pair[1]}"


def _comma(pair: Sequence[int]) -> str:
    return str(pair[0]) if pair[0] == pair[1] else f"{pair[0]}, {pair[1]}"
