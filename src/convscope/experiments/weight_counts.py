"""Weights of a dense layer and of a convolution, as images grow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convscope.errors import UsageError
from convscope.look import numbers
from convscope.look.language import pick
from convscope.look.palette import BLUE, INK, VERMILION
from convscope.look.printed import Paragraph, Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BYTES = 4  # of a float32
USUAL = (28 * 28, 224 * 224, 1_000_000, 12_000_000)


@dataclass(frozen=True)
class WeightCounts(Printed):
    """Weights by size of the image, without biases.

    Attributes:
        pixels: Pixels of each image.
        channels: Channels of the images.
        units: Units of the dense layer, and kernels of the convolution.
        kernel: Height and width of the kernels.
        dense: Weights of the dense layer, for each size of image.
        convolution: Weights of the convolution, for each size of image.
    """

    pixels: tuple[int, ...]
    channels: int
    units: int
    kernel: int
    dense: tuple[int, ...]
    convolution: tuple[int, ...]

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        yield Paragraph(
            pick(
                f"{self.units} units, or {self.units} kernels of {self.kernel} × {self.kernel}, "
                f"on images with {self.channels} channels",
                f"{self.channels} 通道图像上的 {self.units} 个单元，"
                f"或 {self.units} 个 {self.kernel} × {self.kernel} 卷积核",
            ),
            "bold",
        )
        headings = (
            pick("pixels", "像素"),
            pick("dense weights", "全连接层权重"),
            pick("in float32", "float32 占用"),
            pick("convolution weights", "卷积层权重"),
        )
        rows = [
            (f"{pixels:,}", f"{dense:,}", numbers.size(BYTES * dense), f"{convolution:,}")
            for pixels, dense, convolution in zip(
                self.pixels, self.dense, self.convolution, strict=True
            )
        ]
        yield TextTable("", headings, rows)

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw both counts over the size of the image, both axes logarithmic.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        from convscope.look.canvas import drawing, headline

        with drawing(path, 8.0, 4.4) as figure:
            headline(
                figure,
                pick(
                    "A dense layer grows with the image, a convolution doesn't",
                    "图像越大，全连接层的权重越多，卷积层的权重不变",
                ),
            )
            axes = figure.subplots()
            for counts, colour, name in (
                (self.dense, VERMILION, pick("dense layer", "全连接层")),
                (self.convolution, BLUE, pick("convolution", "卷积层")),
            ):
                axes.loglog(self.pixels, counts, "o-", color=colour)
                axes.annotate(
                    name + pick(": ", "：") + f"{counts[-1]:,}", (self.pixels[-1], counts[-1]),
                    (-8, 8), textcoords="offset points", ha="right", va="bottom", color=colour,
                    fontweight="bold",
                )  # fmt: skip
            axes.set_xlabel(pick("Pixels of the image", "图像的像素数"))
            axes.set_ylabel(pick("Weights", "权重个数"))
            axes.set_ylim(top=20 * max(self.dense))
            axes.tick_params(colors=INK)
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(self).items()}


def count_weights(
    pixels: Sequence[int] = USUAL, *, channels: int = 3, units: int = 100, kernel: int = 5
) -> WeightCounts:
    """Count the weights of a dense layer and of a convolution for images of several sizes.

    Both layers are built as PyTorch modules (without memory for their numbers) and counted there.

    Args:
        pixels: Height times width of each image; the usual ones end with a photograph of 12
            megapixels.
        channels: Channels of the images.
        units: Units of the dense layer, and kernels of the convolution.
        kernel: Height and width of the kernels.

    Raises:
        UsageError: A number is below 1, or no size is given.
    """
    import torch
    from torch import nn

    if not pixels or min(*pixels, channels, units, kernel) < 1:
        raise UsageError(
            "count_weights needs at least one size, and whole numbers from 1 on; got "
            f"pixels {tuple(pixels)}, channels {channels}, units {units}, kernel {kernel}."
        )
    with torch.device("meta"):
        dense = [nn.Linear(channels * each, units, bias=False) for each in pixels]
        convolution = [nn.Conv2d(channels, units, kernel, bias=False) for _ in pixels]
    return WeightCounts(
        tuple(pixels), channels, units, kernel,
        tuple(layer.weight.numel() for layer in dense),
        tuple(layer.weight.numel() for layer in convolution),
    )  # fmt: skip
