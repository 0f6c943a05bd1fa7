"""A convolution over several channels taken apart: a kernel and a map for each pair of channels.

y[o] = bias[o] + Σ_c x[c] ⋆ weight[o, c]
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from convscope.definitions.arrays import FloatArray, as_float
from convscope.definitions.cross_correlation import cross_correlation
from convscope.errors import UsageError
from convscope.look.canvas import drawing, headline
from convscope.look.language import pick
from convscope.look.palette import ACCENT, DIM
from convscope.look.panels import draw_numbers
from convscope.look.printed import Paragraph, Part, Printed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class PartialMaps(Printed):
    """Every input channel's part in every output channel. It prints and draws itself.

    Attributes:
        x: The input, (c_in, height, width).
        weight: The kernels, (c_out, c_in, k_h, k_w).
        bias: One number for each output channel, (c_out,).
        partial: Input channel c under kernel (o, c), (c_out, c_in, *output).
        output: What PyTorch's convolution gives for all channels at once, (c_out, *output).
    """

    x: FloatArray = field(repr=False)
    weight: FloatArray = field(repr=False)
    bias: FloatArray = field(repr=False)
    partial: FloatArray = field(repr=False)
    output: FloatArray

    @property
    def added(self) -> FloatArray:
        """The partial maps of each output channel added up, and its bias, (c_out, *output)."""
        return np.asarray(self.partial.sum(axis=1) + self.bias[:, None, None])

    @property
    def difference(self) -> float:
        """The largest difference between the sums and the convolution of all channels at once."""
        return float(abs(self.added - self.output).max())

    @property
    def kernels(self) -> int:
        """How many kernels of two dimensions there are."""
        outputs, inputs = self.weight.shape[:2]
        return int(outputs * inputs)

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        outputs, inputs = self.weight.shape[:2]
        yield Paragraph(
            pick(
                f"{inputs} input channels, {outputs} output channels: "
                f"{outputs} · {inputs} = {self.kernels} kernels",
                f"{inputs} 个输入通道，{outputs} 个输出通道："
                f"{outputs} · {inputs} = {self.kernels} 个卷积核",
            ),
            "bold",
        )
        for number in range(outputs):
            parts = " + ".join(_matrix(each) for each in self.partial[number])
            bias = f" + {self.bias[number]:g}" if self.bias.any() else ""
            name = pick(f"output {number + 1}", f"输出 {number + 1}")
            yield Paragraph(f"{name}: {parts}{bias} = {_matrix(self.added[number])}")

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw the input, each kernel with its map, and the sums below; for small examples.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        outputs, inputs = self.weight.shape[:2]
        widths = [1.5] + [0.2, 1.1, 1.1] * outputs
        with drawing(path, max(7.0, 1.35 * sum(widths)), 1.7 * (inputs + 1) + 0.6) as figure:
            headline(
                figure,
                pick(
                    "Each channel has a kernel of its own; the maps add up",
                    "每个通道有自己的卷积核，得到的图相加",
                ),
            )
            grid = figure.add_gridspec(inputs + 1, len(widths), width_ratios=widths)

            def panel(row: int, column: int, values: FloatArray | None, title: str) -> None:
                axes = figure.add_subplot(grid[row, column])
                _draw(axes, values, title)

            for channel in range(inputs):
                name = pick(f"channel {channel + 1}", f"通道 {channel + 1}")
                panel(channel, 0, self.x[channel], name)
            for number in range(outputs):
                for channel in range(inputs):
                    kernel = pick(
                        f"kernel {number + 1}, {channel + 1}", f"核 {number + 1}, {channel + 1}"
                    )
                    panel(channel, 3 * number + 2, self.weight[number, channel], f"⋆ {kernel}")
                    sign = "+ " if channel else "= "
                    part = pick("map", "图")
                    panel(channel, 3 * number + 3, self.partial[number, channel], sign + part)
                total = pick(f"output {number + 1}", f"输出 {number + 1}")
                panel(inputs, 3 * number + 3, self.added[number], f"= {total}")
                if self.bias.any():
                    axes = figure.add_subplot(grid[inputs, 3 * number + 2])
                    _draw(axes, self.bias[number].reshape(1, 1), pick("+ bias", "+ 偏置"))
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        names = ("x", "weight", "bias", "partial", "added", "output")
        return {name: getattr(self, name).tolist() for name in names}


def split_by_channel(x: ArrayLike, weight: ArrayLike, bias: ArrayLike | None = None) -> PartialMaps:
    """Take a convolution of stride 1 without padding apart into its channels.

    Args:
        x: (c_in, height, width).
        weight: (c_out, c_in, k_h, k_w).
        bias: (c_out,); None: zeros.

    Raises:
        UsageError: The shapes do not fit together.
    """
    import torch
    import torch.nn.functional as F

    x, weight = as_float(x), as_float(weight)
    if x.ndim != 3 or weight.ndim != 4 or weight.shape[1] != len(x):
        raise UsageError(
            "split_by_channel takes x (channels, height, width) and weight (outputs, channels, "
            f"k_h, k_w) with as many channels; got {x.shape} and {weight.shape}."
        )
    shift = np.zeros(len(weight)) if bias is None else as_float(bias)
    partial = np.stack(
        [cross_correlation(x[None, c : c + 1], weight[:, c : c + 1])[0] for c in range(len(x))],
        axis=1,
    )  # (c_out, c_in, *output)
    images, kernels, biases = map(torch.from_numpy, (x[None], weight, shift))
    whole = F.conv2d(images, kernels, biases)[0].numpy()
    return PartialMaps(x, weight, shift, partial, whole)


def _draw(axes: Axes, values: FloatArray | None, title: str) -> None:
    if values is not None:
        draw_numbers(axes, values, fontsize=10)
    axes.set_title(title, fontsize=9.5, color=ACCENT if title.startswith("=") else DIM, pad=3)


def _matrix(values: FloatArray) -> str:
    return "[" + ", ".join("[" + ", ".join(f"{v:g}" for v in row) + "]" for row in values) + "]"
