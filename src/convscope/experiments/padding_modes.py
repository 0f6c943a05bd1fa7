"""The four ways to continue an image beyond its border, and what a kernel makes of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from convscope.definitions.cross_correlation import cross_correlation
from convscope.definitions.windows import pad
from convscope.errors import UsageError
from convscope.look.canvas import drawing, headline
from convscope.look.language import pick
from convscope.look.numbers import number
from convscope.look.palette import OUTLINE
from convscope.look.panels import draw_image
from convscope.look.printed import Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MODES = ("zeros", "reflect", "replicate", "circular")
CHINESE = {"zeros": "零", "reflect": "镜像", "replicate": "重复", "circular": "循环"}


@dataclass(frozen=True)
class PaddingModes(Printed):
    """An image continued in four ways. It prints as a table and draws itself.

    Attributes:
        padding: Added pixels on each side.
        padded: By mode, uint8 (C, height + 2 · padding, width + 2 · padding).
        inside: By mode, the largest difference between a mean over the padded image and that with
            zeros, at outputs whose window lies on the image; in levels of grey.
        at_border: The same at all other outputs.
    """

    padding: int
    padded: Mapping[str, NDArray[np.uint8]] = field(repr=False)
    inside: Mapping[str, float]
    at_border: Mapping[str, float]

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        side = 2 * self.padding + 1
        title = pick(
            f"Largest difference from zeros after a mean of {side}×{side}, in levels of grey",
            f"取 {side}×{side} 平均后与零填充的最大差（灰度级）",
        )
        headings = (pick("mode", "方式"), pick("inside", "内部"), pick("at the border", "边缘"))
        rows = [
            (mode, number(self.inside[mode], 3), number(self.at_border[mode], 3))
            for mode in self.padded
        ]
        yield TextTable(title, headings, rows)

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw the padded images, with the border of the image itself marked.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        with drawing(path, 12.0, 3.8) as figure:
            headline(figure, pick("Four ways to continue an image", "让图像在边界外延续的四种方式"))
            for axes, (mode, padded) in zip(
                figure.subplots(1, 4), self.padded.items(), strict=True
            ):
                draw_image(axes, padded)
                height, width = (n - 2 * self.padding for n in padded.shape[1:])
                corner = self.padding - 0.5
                axes.add_patch(
                    Rectangle(
                        (corner, corner), width, height, fill=False, edgecolor=OUTLINE, lw=1.5
                    )
                )
                axes.set_title(pick(mode, f"{mode}（{CHINESE[mode]}）"), fontsize=11)
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold: all but the pixels."""
        return {
            "padding": self.padding,
            "inside": dict(self.inside),
            "at_border": dict(self.at_border),
        }


def compare_padding_modes(image: NDArray[np.uint8], padding: int) -> PaddingModes:
    """Continue an image in four ways, and take the mean over windows of 2 · padding + 1 pixels.

    Args:
        image: uint8 (C, height, width).
        padding: Added pixels on each side.

    Raises:
        UsageError: The image is too small to have outputs whose window lies on it.
    """
    side = 2 * padding + 1
    if min(image.shape[1:]) < side:
        raise UsageError(
            f"An image padded by {padding} must be at least {side}×{side} pixels, so that some "
            f"windows lie on it; got {image.shape[1]}×{image.shape[2]}. Pad less."
        )
    padded, means = {}, {}
    for mode in MODES:
        padded[mode] = pad(image[None], (padding, padding), mode)[0]
        channels = padded[mode][:, None]  # as so many images of one channel
        weight = np.full((1, 1, side, side), 1 / side**2)
        means[mode] = cross_correlation(channels, weight)[:, 0]  # (C, height, width)
    apart = {mode: abs(means[mode] - means["zeros"]) for mode in MODES}
    inner = (slice(None), *[slice(padding, n - padding) for n in image.shape[1:]])
    inside = {mode: float(apart[mode][inner].max()) for mode in MODES}
    for each in apart.values():
        each[inner] = 0
    return PaddingModes(padding, padded, inside, {m: float(apart[m].max()) for m in MODES})
