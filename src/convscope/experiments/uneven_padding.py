"""Padding that keeps the size ("same"), where it can't be divided evenly between two sides.

The rule of TensorFlow and Keras, and of ONNX's `auto_pad` (operator Conv): ⌈n / s⌉ outputs, so

    p = max(0, (⌈n / s⌉ − 1) · s + k − n)    in all,

half of it before the image and half behind. If p is odd, TensorFlow, Keras, ONNX's SAME_UPPER and
PyTorch's "same" add the odd one behind, ONNX's SAME_LOWER before. PyTorch's numbers, as in
`padding=1`, are the same on both sides.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import torch
import torch.nn.functional as F
from matplotlib.patches import Rectangle
from torch import Tensor

from convscope.look.canvas import drawing, footnote, headline
from convscope.look.language import pick
from convscope.look.palette import BLUE, FAINT, GRID, INK, ORANGE, PALE_BLUE, VERMILION, WHITE
from convscope.look.printed import Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Side = Literal["before", "behind"]
SIDES: tuple[Side, Side] = ("before", "behind")


class SameRow(NamedTuple):
    """One kernel and stride, with the odd zero on one side or the other.

    Attributes:
        kernel: Entries of the kernel.
        stride: Inputs from one output to the next.
        before: Zeros (before, behind) the image, with the odd one before it.
        behind: The same, with the odd one behind it.
        outputs: How many there are either way.
        shift: By how many outputs the two ways lie apart, so that all that both have are equal;
            None if they are equal in no such way.
        pytorch: The side on which PyTorch's "same" puts the odd zero; None where it refuses
            (stride above 1) or p is even.
    """

    kernel: int
    stride: int
    before: tuple[int, int]
    behind: tuple[int, int]
    outputs: int
    shift: int | None
    pytorch: Side | None


@dataclass(frozen=True)
class SamePadding(Printed):
    """Where the zeros go. It prints as a table and draws every case.

    Attributes:
        size: Inputs along the axis.
        rows: One for each kernel and stride.
    """

    size: int
    rows: tuple[SameRow, ...]

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        headings = (
            pick("kernel", "卷积核"),
            pick("stride", "步幅"),
            pick("odd zero before", "多的零在前"),
            pick("odd zero behind", "多的零在后"),
            pick("outputs", "输出数"),
            pick("the two outputs", "两种输出"),
            pick('PyTorch "same"', "PyTorch “same”"),
        )
        rows = [
            (
                str(row.kernel),
                str(row.stride),
                f"{row.before[0]} + {row.before[1]}",
                f"{row.behind[0]} + {row.behind[1]}",
                str(row.outputs),
                _shift_in_words(row.shift),
                _side_in_words(row),
            )
            for row in self.rows
        ]
        title = pick(
            f"Zeros that keep ⌈{self.size} / stride⌉ outputs",
            f"保持 ⌈{self.size} / 步幅⌉ 个输出所需的零",
        )
        yield TextTable(title, headings, rows, left=frozenset({5, 6}))

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw inputs, zeros and the centres of all windows, one strip for each case.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        with drawing(path, 11.5, 1.3 + 1.45 * len(self.rows)) as figure:
            headline(
                figure,
                pick(
                    "The odd zero goes before the image or behind it: other windows",
                    "多出的一个零放在前面还是后面：窗口就不同",
                ),
            )
            parts = figure.subplots(len(self.rows), 2, squeeze=False)
            for axes, (row, side) in zip(parts.flat, product(self.rows, SIDES), strict=True):
                before, behind = row.before if side == "before" else row.behind
                _draw_strip(axes, self.size, row, before, behind)
            footnote(
                figure,
                pick(
                    "Blue: pixels. Grey: zeros. Orange: the odd zero. "
                    "Each bar is a window; the dot is its middle.",
                    "蓝色：像素；灰色：零；橙色：多出的零。每条线是一个窗口，点是它的中心。",
                ),
            )
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        rows = [
            row._asdict() | {"before": [*row.before], "behind": [*row.behind]} for row in self.rows
        ]
        return {"size": self.size, "rows": rows}


class EvenShare(NamedTuple):
    """How often the padding that keeps the size divides evenly, over many settings.

    Attributes:
        odd_stride_1: Share of the settings with an odd kernel and stride 1.
        odd_strided: Share of those with an odd kernel and a larger stride.
        even_stride_1: Share of those with an even kernel and stride 1.
    """

    odd_stride_1: float
    odd_strided: float
    even_stride_1: float


def same_padding(size: int, kernel: int, stride: int = 1, side: Side = "behind") -> tuple[int, int]:
    """How many zeros keep ⌈size / stride⌉ outputs: (before the image, behind it).

    Args:
        size: Inputs along the axis.
        kernel: Entries of the kernel.
        stride: Inputs from one output to the next.
        side: Where the odd zero goes.
    """
    total = max(0, (-(-size // stride) - 1) * stride + kernel - size)
    less, more = total // 2, total - total // 2
    return (more, less) if side == "before" else (less, more)


def compare_same_padding(
    kernels: tuple[int, ...] = (2, 4), strides: tuple[int, ...] = (1, 2), size: int = 7
) -> SamePadding:
    """Put the odd zero before the image and behind it, for kernels and strides, and compare.

    The outputs are those of random numbers (seed 0) in float64 under one random kernel.

    Args:
        kernels: Entries of the kernels.
        strides: Inputs from one output to the next.
        size: Inputs along the axis.
    """
    return SamePadding(size, tuple(_row(size, k, s) for s in strides for k in kernels))


def count_even_paddings(largest: int = 32) -> EvenShare:
    """How often the zeros divide evenly, for all sizes from 8 on, kernels to 7 and strides to 3.

    Args:
        largest: Of the sizes.
    """

    def share(kernels: range, strides: range) -> float:
        pairs = [
            same_padding(n, k, s) for n in range(8, largest + 1) for k in kernels for s in strides
        ]
        return sum(before == behind for before, behind in pairs) / len(pairs)

    odd, even = range(1, 8, 2), range(2, 7, 2)
    return EvenShare(share(odd, range(1, 2)), share(odd, range(2, 4)), share(even, range(1, 2)))


def correlate_same(x: Tensor, weight: Tensor) -> Tensor:
    """PyTorch's 1-D cross-correlation with padding "same", without its warning of even kernels.

    Args:
        x: (N, c_in, length).
        weight: (c_out, c_in, kernel).
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Using padding='same' with even kernel")
        return F.conv1d(x, weight, padding="same")


def _row(size: int, kernel: int, stride: int) -> SameRow:
    random = torch.Generator().manual_seed(0)
    x = torch.randn(1, 1, size, generator=random, dtype=torch.float64)
    weight = torch.randn(1, 1, kernel, generator=random, dtype=torch.float64)
    paddings = {side: same_padding(size, kernel, stride, side) for side in SIDES}
    outputs = {
        side: F.conv1d(F.pad(x, padding), weight, stride=stride)[0, 0]
        for side, padding in paddings.items()
    }
    pytorch: Side | None = None
    if stride == 1 and paddings["before"] != paddings["behind"]:
        theirs = correlate_same(x, weight)[0, 0]
        near = [side for side in SIDES if torch.allclose(theirs, outputs[side])]
        pytorch = near[0] if near else None
    return SameRow(
        kernel, stride, paddings["before"], paddings["behind"], len(outputs["behind"]),
        _shift(outputs["before"], outputs["behind"]), pytorch,
    )  # fmt: skip


def _shift(before: Tensor, behind: Tensor) -> int | None:
    """By how many places `before` lies behind, where all that both hold is then equal."""
    for shift in range(len(before) // 2 + 1):
        if torch.allclose(before[shift:], behind[: len(behind) - shift]):
            return shift
    return None


def _shift_in_words(shift: int | None) -> str:
    if shift is None:
        return pick("other numbers", "数值不同")
    if not shift:
        return pick("equal", "相同")
    return pick(f"equal, moved by {shift}", f"相同，平移 {shift}")


def _side_in_words(row: SameRow) -> str:
    if row.stride > 1:
        return pick("refuses strides", "不接受步幅")
    words = {"before": pick("before", "前"), "behind": pick("behind", "后"), None: "–"}
    return words[row.pytorch]


def _draw_strip(axes: Axes, size: int, row: SameRow, before: int, behind: int) -> None:
    """Zeros and pixels as squares from −before to size + behind, the windows as bars above."""
    for place in range(-before, size + behind):
        is_pixel = 0 <= place < size
        is_odd = place == (-before if before > behind else size + behind - 1) and before != behind
        colour = PALE_BLUE if is_pixel else ORANGE if is_odd else GRID
        axes.add_patch(
            Rectangle((place, 0), 1, 1, facecolor=colour, edgecolor=WHITE, linewidth=1.5)
        )
        axes.text(
            place + 0.5, 0.5, str(place + 1) if is_pixel else "0", ha="center", va="center",
            fontsize=9, color=INK if is_pixel or is_odd else FAINT,
        )  # fmt: skip
    for number in range(row.outputs):
        start = number * row.stride - before
        height = 1.25 + 0.27 * (number % 4)
        axes.plot([start + 0.1, start + row.kernel - 0.1], [height] * 2, color=BLUE, linewidth=1.6)
        axes.plot([start + row.kernel / 2], [height], "o", color=VERMILION, markersize=3.5)
    axes.set(xlim=(-2.2, size + 2.2), ylim=(-0.1, 2.35))
    axes.set_axis_off()
    axes.set_title(
        pick(
            f"kernel {row.kernel}, stride {row.stride}: {before} + {behind} zeros",
            f"卷积核 {row.kernel}，步幅 {row.stride}：{before} + {behind} 个零",
        ),
        fontsize=10.5,
    )
