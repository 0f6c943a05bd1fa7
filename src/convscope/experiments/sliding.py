"""A kernel slid over a small image, with every product to be seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from convscope.definitions.arrays import FloatArray, as_float
from convscope.definitions.cross_correlation import cross_correlation_2d
from convscope.definitions.windows import pad
from convscope.errors import UsageError
from convscope.look.language import pick
from convscope.look.printed import Paragraph, Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST = 16  # outputs that a figure has room for


@dataclass(frozen=True)
class SlidProducts(Printed):
    """A small image, a kernel, and the products at each place where it stands.

    Attributes:
        image: With its padding, (height, width).
        kernel: (height, width).
        stride: Pixels from one place to the next.
        products: (rows, columns, kernel height, kernel width): what is added up for each output.
        output: (rows, columns), by `definitions.cross_correlation`.
        difference: Largest difference of `output` from PyTorch's convolution.
    """

    image: FloatArray
    kernel: FloatArray
    stride: int
    products: FloatArray
    output: FloatArray
    difference: float

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        yield Paragraph(pick("Each output is a sum of products", "每个输出都是乘积之和"), "bold")
        rows = [
            (f"[{row}, {column}]", _sum(self.products[row, column]), f"{value:g}")
            for (row, column), value in np.ndenumerate(self.output)
        ]
        headings = (pick("output", "输出"), pick("products", "乘积"), pick("sum", "和"))
        yield TextTable("", headings, rows, left=frozenset({0, 1}))

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw the image, the kernel, the products of each place, and the output.

        Args:
            path: The PNG to write; None only gives the figure.

        Raises:
            UsageError: There are more outputs than a figure has room for.
        """
        from convscope.look.canvas import drawing, headline

        rows, columns = self.output.shape
        if rows * columns > MOST:
            raise UsageError(
                f"A figure has room for {MOST} outputs and there are {rows * columns}. Use a "
                "smaller image, or print the result."
            )
        with drawing(path, 6.0 + 1.9 * columns, max(1.2 + 1.8 * rows, 5.2)) as figure:
            headline(
                figure,
                pick(
                    "At each place: multiply entry by entry, then add up",
                    "在每个位置上：逐个相乘，再全部相加",
                ),
            )
            parts = figure.subfigures(1, 3, width_ratios=[2.0, 0.95 * columns, 1.8], squeeze=False)
            left, middle, right = parts[0]
            above, below = left.subplots(2, 1, height_ratios=[2, 1])
            _numbers(above, self.image, pick("image", "图像"))
            _numbers(below, self.kernel, pick("kernel", "卷积核"))
            grid = middle.subplots(rows, columns, squeeze=False)
            for (row, column), value in np.ndenumerate(self.output):
                products = self.products[row, column]
                _numbers(grid[row, column], products, f"[{row}, {column}]: {value:g}")
            _numbers(right.subplots(), self.output, pick("output", "输出"))
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            "image": self.image.tolist(),
            "kernel": self.kernel.tolist(),
            "stride": self.stride,
            "products": self.products.tolist(),
            "output": self.output.tolist(),
            "difference": self.difference,
        }


def slide_kernel(
    image: ArrayLike, kernel: ArrayLike, *, stride: int = 1, padding: int = 0
) -> SlidProducts:
    """Slide a kernel over a small image and keep every product; nothing is flipped.

    Args:
        image: Numbers (height, width).
        kernel: Numbers (height, width).
        stride: Pixels from one place to the next.
        padding: Zeros added on each side.

    Raises:
        UsageError: One of them is no matrix, or the kernel is larger than the padded image.
    """
    import torch

    image, kernel = as_float(image), as_float(kernel)
    if image.ndim != 2 or kernel.ndim != 2:
        raise UsageError(
            "image and kernel must be matrices of numbers (height, width); got the shapes "
            f"{image.shape} and {kernel.shape}."
        )
    x, weight = image[None, None], kernel[None, None]
    output = cross_correlation_2d(x, weight, stride=stride, padding=padding)[0, 0]
    expected = torch.nn.functional.conv2d(
        torch.from_numpy(x), torch.from_numpy(weight), stride=stride, padding=padding
    )[0, 0].numpy()
    padded = pad(x, (padding, padding))[0, 0]
    seen = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape)[::stride, ::stride]
    return SlidProducts(
        padded, kernel, stride, seen * kernel, output, float(abs(output - expected).max())
    )


def _sum(products: FloatArray) -> str:
    return " + ".join(f"{p:g}" if p >= 0 else f"({p:g})" for p in products.ravel() + 0.0).replace(
        "-", "−"
    )


def _numbers(axes: Axes, values: FloatArray, title: str) -> None:
    from convscope.look.panels import draw_numbers

    draw_numbers(axes, values + 0.0, 11 if max(values.shape) <= 4 else 9)
    axes.set_title(title, fontsize=11)
