"""A convolution written out as the weights of a dense layer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from convscope.definitions.arrays import FloatArray, as_float
from convscope.definitions.convolution import cross_correlation_matrix
from convscope.errors import UsageError
from convscope.look import numbers
from convscope.look.language import pick
from convscope.look.printed import Paragraph, Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class ConvolutionMatrix(Printed):
    """The dense matrix that does what a kernel does.

    Attributes:
        kernel: The kernel, (height, width).
        size: Height and width of the image.
        output: Height and width of the map.
        matrix: (outputs, inputs); an image, flattened row by row, times the matrix gives the map.
        zeros: Share of its entries that are 0 whatever the kernel is.
        difference: Largest difference between the matrix times a random image and PyTorch's
            convolution of it.
    """

    kernel: FloatArray = field(repr=False)
    size: tuple[int, int]
    output: tuple[int, int]
    matrix: FloatArray = field(repr=False)
    zeros: float
    difference: float

    @property
    def places(self) -> list[int]:
        """How many entries of the matrix each entry of the kernel fills, in reading order."""
        return [int((self.matrix == value).sum()) for value in self.kernel.ravel()]

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        outputs, inputs = self.matrix.shape
        yield Paragraph(
            pick(
                f"A kernel of {_by(self.kernel.shape)} on {_by(self.size)} pixels as a matrix",
                f"{_by(self.size)} 像素上的 {_by(self.kernel.shape)} 卷积核写成矩阵",
            ),
            "bold",
        )
        rows = [
            (pick("outputs × inputs", "输出 × 输入"), f"{outputs} × {inputs}"),
            (pick("entries", "元素"), f"{self.matrix.size:,}"),
            (pick("always 0", "恒为 0"), numbers.percent(self.zeros)),
            (pick("free numbers", "自由的数"), f"{self.kernel.size}"),
            (
                pick("difference from PyTorch's convolution", "与 PyTorch 卷积之差"),
                numbers.number(self.difference, 2),
            ),
        ]
        yield TextTable("", ("", ""), rows)

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw the kernel and the matrix; equal numbers have equal colours.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        from convscope.look.canvas import drawing, footnote, headline
        from convscope.look.palette import FAINT
        from convscope.look.panels import draw_numbers, draw_values

        outputs, inputs = self.matrix.shape
        far = float(abs(self.kernel).max())
        matrix = np.where(self.matrix == 0, np.nan, self.matrix)
        with drawing(path, 11.0, min(max(2.2 + 6.5 * outputs / inputs, 3.2), 9.0)) as figure:
            headline(
                figure,
                pick(
                    f"A convolution is a dense layer: {numbers.percent(self.zeros, 0)} zeros, the "
                    f"same {self.kernel.size} numbers in every row",
                    f"卷积也是全连接层：{numbers.percent(self.zeros, 0)} 是零，"
                    f"每一行都是同样的 {self.kernel.size} 个数",
                ),
            )
            footnote(
                figure,
                pick(
                    "white: always 0 (locality); the same colour: the same number (translation)",
                    "白色：恒为 0（局部性）；颜色相同：同一个数（平移）",
                ),
            )
            left, right = figure.subplots(1, 2, width_ratios=[1, 4])
            draw_numbers(left, self.kernel, 11)
            left.set_title(pick("kernel", "卷积核"))
            # As pale as the kernel's own squares, so that a number is found again by its colour.
            draw_values(right, 0.5 * matrix, -far, far)
            right.set_xticks(np.arange(inputs + 1) - 0.5, minor=True)
            right.set_yticks(np.arange(outputs + 1) - 0.5, minor=True)
            right.grid(True, which="minor", color=FAINT, linewidth=0.25)
            right.tick_params(which="minor", length=0)
            right.set_xlabel(pick(f"{inputs} inputs (pixels)", f"{inputs} 个输入（像素）"))
            right.set_ylabel(pick(f"{outputs} outputs", f"{outputs} 个输出"))
            right.set_title(pick("its matrix", "它的矩阵"))
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold, the matrix included."""
        return {
            "kernel": self.kernel.tolist(),
            "size": list(self.size),
            "output": list(self.output),
            "matrix": self.matrix.tolist(),
            "zeros": self.zeros,
            "difference": self.difference,
        }


def convolution_matrix(
    kernel: ArrayLike,
    size: int | tuple[int, int],
    *,
    stride: int = 1,
    padding: int = 0,
    padding_mode: str = "zeros",
) -> ConvolutionMatrix:
    """Write what a kernel does to images of one size as a dense matrix, and compare with PyTorch.

    The kernel isn't flipped, as in every framework (`definitions.cross_correlation_matrix`).

    Args:
        kernel: Numbers (height, width).
        size: Height and width of the image; one number for a square.
        stride: Pixels from one output to the next.
        padding: Pixels added on each side.
        padding_mode: "zeros", "reflect", "replicate" or "circular".

    Raises:
        UsageError: The kernel is no matrix, or doesn't fit into the image.
    """
    import torch
    from torch import nn

    kernel = as_float(kernel)
    if kernel.ndim != 2:
        raise UsageError(
            f"kernel must be a matrix of numbers (height, width); got the shape {kernel.shape}."
        )
    height, width = (size, size) if isinstance(size, int) else size
    settings: dict[str, Any] = {
        "stride": stride, "padding": padding, "padding_mode": padding_mode,
    }  # fmt: skip
    matrix = cross_correlation_matrix(kernel[None, None], (height, width), **settings)
    met = cross_correlation_matrix(np.ones((1, 1, *kernel.shape)), (height, width), **settings)
    image = np.random.default_rng(0).normal(size=(height, width))
    layer = nn.Conv2d(1, 1, kernel.shape, bias=False, dtype=torch.float64, **settings)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(kernel)[None, None])
        expected = layer(torch.from_numpy(image)[None, None]).numpy()
    return ConvolutionMatrix(
        kernel, (height, width), expected.shape[2:], matrix, float((met == 0).mean()),
        float(abs(matrix @ image.ravel() - expected.ravel()).max()),
    )  # fmt: skip


def _by(sides: tuple[int, ...]) -> str:
    return " × ".join(map(str, sides))
