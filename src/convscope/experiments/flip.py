"""Convolution and cross-correlation of the same image with the same kernel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from convscope.definitions.arrays import FloatArray, as_float
from convscope.definitions.convolution import convolution
from convscope.definitions.cross_correlation import cross_correlation_2d
from convscope.errors import UsageError
from convscope.look import numbers
from convscope.look.language import pick
from convscope.look.printed import Paragraph, Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class FlipComparison(Printed):
    """What convolution and cross-correlation make of one image.

    Differences are the largest between two numbers at the same place.

    Attributes:
        kernel: (height, width).
        plain: Difference between the two.
        turned: Difference between the convolution and the cross-correlation with the kernel
            turned by 180°.
        framework: Difference between PyTorch's "convolution" and the cross-correlation.
        symmetric: Whether the kernel is the same after a turn by 180°.
        image: uint8 or numbers, (height, width).
        correlation: The cross-correlation, (height, width) of the output.
        convolution: The convolution.
    """

    kernel: FloatArray
    plain: float
    turned: float
    framework: float
    symmetric: bool
    image: NDArray[Any] = field(repr=False)
    correlation: FloatArray = field(repr=False)
    convolution: FloatArray = field(repr=False)

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        yield Paragraph(pick("Largest difference between …", "下列两者之间的最大差"), "bold")
        rows = [
            (pick("convolution and cross-correlation", "卷积与互相关"), self.plain),
            (
                pick(
                    "convolution and cross-correlation with the kernel turned",
                    "卷积与（核旋转 180° 后的）互相关",
                ),
                self.turned,
            ),
            (
                pick("cross-correlation and PyTorch's conv2d", "互相关与 PyTorch 的 conv2d"),
                self.framework,
            ),
        ]
        yield TextTable("", ("", ""), [(name, numbers.number(v, 2)) for name, v in rows])

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw the image, the kernel and both results, in the same colours.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        from convscope.look.canvas import drawing, headline
        from convscope.look.panels import draw_image, draw_numbers, draw_values, value_range

        with drawing(path, 13.0, 4.2) as figure:
            if self.plain <= 1e-6 * abs(self.correlation).max():
                text = pick(
                    "A kernel that a turn by 180° leaves alone: both are the same",
                    "核旋转 180° 后不变：卷积与互相关完全相同",
                )
            else:
                text = pick(
                    "Convolution turns the kernel by 180°, cross-correlation doesn't",
                    "卷积先把核旋转 180°，互相关不旋转",
                )
            headline(figure, text)
            axes = figure.subplots(1, 4, width_ratios=[4, 2, 4, 4])
            draw_image(axes[0], np.asarray(self.image)[None])
            axes[0].set_title(pick("image", "图像"))
            draw_numbers(axes[1], self.kernel, 11)
            axes[1].set_title(pick("kernel", "卷积核"))
            far = max(map(abs, value_range(np.stack([self.correlation, self.convolution]))))
            for place, values, title in (
                (axes[2], self.correlation, pick("cross-correlation", "互相关")),
                (axes[3], self.convolution, pick("convolution", "卷积")),
            ):
                draw_values(place, values, -far, far)
                place.set_title(title)
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold, without the maps."""
        return {
            "kernel": self.kernel.tolist(),
            "plain": self.plain,
            "turned": self.turned,
            "framework": self.framework,
            "symmetric": self.symmetric,
        }


def compare_flip(image: ArrayLike, kernel: ArrayLike) -> FlipComparison:
    """Slide a kernel over an image both ways round, and over PyTorch's `conv2d` as well.

    Args:
        image: (height, width), or (channels, height, width), of which the mean is taken.
        kernel: (height, width).

    Raises:
        UsageError: One of them has another shape, or the kernel is larger than the image.
    """
    import torch

    pixels, kernel = as_float(image), as_float(kernel)
    if pixels.ndim == 3:
        pixels = pixels.mean(axis=0)
    if pixels.ndim != 2 or kernel.ndim != 2:
        raise UsageError(
            "image must be (height, width) or (channels, height, width) and kernel (height, "
            f"width); got the shapes {np.shape(image)} and {kernel.shape}."
        )
    x, weight = pixels[None, None], kernel[None, None]
    correlation = cross_correlation_2d(x, weight)[0, 0]
    convolved = convolution(x, weight)[0, 0]
    turned = np.rot90(kernel, 2)
    with_turned = cross_correlation_2d(x, turned[None, None])[0, 0]
    of_torch = torch.nn.functional.conv2d(torch.from_numpy(x), torch.from_numpy(weight))[0, 0]
    return FlipComparison(
        kernel,
        plain=_largest(convolved, correlation),
        turned=_largest(convolved, with_turned),
        framework=_largest(of_torch.numpy(), correlation),
        symmetric=bool(np.array_equal(kernel, turned)),
        image=pixels,
        correlation=correlation,
        convolution=convolved,
    )


def _largest(one: FloatArray, other: FloatArray) -> float:
    return float(abs(one - other).max())
