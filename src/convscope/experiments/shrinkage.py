"""How an image shrinks through convolutions without padding, layer after layer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from matplotlib.patches import Rectangle

from convscope.errors import UsageError
from convscope.look.canvas import drawing, headline
from convscope.look.language import pick
from convscope.look.palette import DIM, INK
from convscope.look.printed import Paragraph, Part, Printed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = "Blues"  # matplotlib's name: deeper layers are darker
MOST_LABELS = 10  # squares that get their size written in


@dataclass(frozen=True)
class Shrinkage(Printed):
    """Heights (and widths) of the maps from the image on. It prints and draws itself.

    Attributes:
        kernel: Height and width of every kernel.
        padding: Added pixels on each side, in every layer.
        sizes: That of the image first, then one for each layer.
    """

    kernel: int
    padding: int
    sizes: tuple[int, ...]

    @property
    def layers(self) -> int:
        """How many layers there are."""
        return len(self.sizes) - 1

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        k, first, last = self.kernel, self.sizes[0], self.sizes[-1]
        yield Paragraph(
            pick(
                f"{self.layers} layers of {k}×{k}, padding {self.padding}: "
                f"{first}×{first} becomes {last}×{last}.",
                f"{self.layers} 层 {k}×{k} 卷积，填充 {self.padding}："
                f"{first}×{first} 变成 {last}×{last}。",
            ),
            "bold",
        )
        yield Paragraph(" → ".join(map(str, self.sizes)))

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw every layer's map as a square on the image, where its windows have their centres.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        from matplotlib import colormaps

        first, last = self.sizes[0], self.sizes[-1]
        with drawing(path, 6.2, 6.2) as figure:
            headline(
                figure,
                pick(
                    f"{self.layers} layers of {self.kernel}×{self.kernel} leave "
                    f"{last}×{last} of {first}×{first}",
                    f"{self.layers} 层 {self.kernel}×{self.kernel} 卷积之后，"
                    f"{first}×{first} 只剩 {last}×{last}",
                ),
            )
            axes = figure.subplots()
            shades = colormaps[COLOURS]
            step = max(1, len(self.sizes) // MOST_LABELS)
            for layer, size in enumerate(self.sizes):
                share = layer / max(1, self.layers)
                corner = (first - size) / 2
                axes.add_patch(
                    Rectangle(
                        (corner, corner),
                        size,
                        size,
                        facecolor=shades(0.08 + 0.7 * share),
                        edgecolor=INK,
                        linewidth=0.6,
                    )
                )
                if layer % step == 0 or layer == self.layers:
                    axes.text(
                        corner + size / 2, corner + min(0.6, size / 20) * (first / 32),
                        f"{size}", ha="center", va="top", fontsize=9,
                        color="white" if share > 0.55 else DIM,
                    )  # fmt: skip
            axes.set(xlim=(-0.3, first + 0.3), ylim=(first + 0.3, -0.3), aspect="equal")
            axes.set_axis_off()
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {"kernel": self.kernel, "padding": self.padding, "sizes": [*self.sizes]}


def follow_shrinking(
    size: int, kernel: int, *, padding: int = 0, layers: int | None = None, until: int = 1
) -> Shrinkage:
    """Send a square image through convolutions of one kind and note every size.

    Args:
        size: Height and width of the image.
        kernel: Height and width of every kernel.
        padding: Added pixels on each side, in every layer.
        layers: How many. None: as many as it takes to come down to `until`.
        until: Height and width at which to stop, where `layers` is None.

    Raises:
        UsageError: Nothing shrinks, so that `until` is never reached; or a kernel does not fit.
    """
    if layers is None and kernel - 2 * padding <= 1:
        raise UsageError(
            f"Kernels of {kernel}×{kernel} with padding {padding} don't shrink an image. Say how "
            "many layers, or pad less."
        )
    weight, image, sizes = torch.zeros(1, 1, kernel, kernel), torch.zeros(1, 1, size, size), [size]
    while len(sizes) <= layers if layers is not None else sizes[-1] > until:
        if kernel > sizes[-1] + 2 * padding:
            raise UsageError(
                f"After {len(sizes) - 1} layers {sizes[-1]}×{sizes[-1]} pixels are left, too few "
                f"for a kernel of {kernel}×{kernel}. Ask for fewer layers, or pad."
            )
        image = F.conv2d(image, weight, padding=padding)
        sizes.append(image.shape[-1])
    return Shrinkage(kernel, padding, tuple(sizes))
