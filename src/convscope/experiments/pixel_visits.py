"""How many windows of a convolution look at each pixel: borders and strides treat some as less."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from convscope.definitions.cross_correlation import cross_correlation, cross_correlation_backward
from convscope.look.canvas import drawing, headline
from convscope.look.language import pick
from convscope.look.numbers import percent
from convscope.look.palette import FAINT, INK, VERMILION
from convscope.look.printed import Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class PixelVisits(Printed):
    """How many windows look at each pixel, by setting. It prints as a table and draws itself.

    Attributes:
        counts: By the name of the setting, int64 (height, width).
    """

    counts: Mapping[str, NDArray[np.int64]] = field(repr=False)

    def corner(self, setting: str) -> int:
        """Windows that look at the pixel at the top left."""
        return int(self.counts[setting][0, 0])

    def centre(self, setting: str) -> int:
        """Windows that look at the pixel in the middle."""
        height, width = self.counts[setting].shape
        return int(self.counts[setting][height // 2, width // 2])

    def unseen(self, setting: str) -> float:
        """Share of the pixels that no window looks at: they can't change the output."""
        return float((self.counts[setting] == 0).mean())

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        headings = (
            "", pick("corner", "角上"), pick("middle", "中央"), pick("never seen", "从未被看到"),
        )  # fmt: skip
        rows = [
            (name, str(self.corner(name)), str(self.centre(name)), percent(self.unseen(name)))
            for name in self.counts
        ]
        yield TextTable(
            pick("Windows that look at a pixel", "一个像素被多少个窗口看到"), headings, rows
        )

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw the counts as squares with their numbers, the settings beside one another.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        with drawing(path, 0.6 + 3.7 * len(self.counts), 4.4) as figure:
            least = min(int(counts.min()) for counts in self.counts.values())
            most = max(int(counts.max()) for counts in self.counts.values())
            headline(
                figure,
                pick(
                    f"From {least} to {most} windows look at a pixel",
                    f"看到一个像素的窗口，少的 {least} 个，多的 {most} 个",
                ),
            )
            parts = figure.subplots(1, len(self.counts), squeeze=False)[0]
            for axes, (name, counts) in zip(parts, self.counts.items(), strict=True):
                axes.imshow(counts, cmap="Blues", vmin=0, vmax=1.6 * most)
                for (y, x), count in np.ndenumerate(counts):
                    colour = INK if count else VERMILION
                    axes.text(x, y, count, ha="center", va="center", fontsize=9, color=colour)
                axes.set(xticks=[], yticks=[])
                axes.set_title(name, fontsize=11)
                axes.grid(visible=False)
                axes.spines[:].set(visible=True, color=FAINT, linewidth=0.5)
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {"counts": {name: counts.tolist() for name, counts in self.counts.items()}}


def count_visits(size: int, settings: Mapping[str, Mapping[str, Any]]) -> PixelVisits:
    """Count for each pixel of a square image the windows that look at it.

    With all kernel entries 1, that is the gradient of the outputs' sum in the pixel.

    Args:
        size: Height and width of the image.
        settings: By a name, "kernel" (height and width) and those of stride, padding and dilation
            that are not as usual; padding is on each side.

    Raises:
        UsageError: A kernel does not fit into the padded image.
    """
    return PixelVisits({name: _count(size, **setting) for name, setting in settings.items()})


def _count(size: int, kernel: int, **setting: Any) -> NDArray[np.int64]:
    x, weight = np.zeros((1, 1, size, size)), np.ones((1, 1, kernel, kernel))
    ones = np.ones_like(cross_correlation(x, weight, **setting))
    gradient = cross_correlation_backward(ones, x, weight, **setting).x[0, 0]
    return np.asarray(gradient.round(), dtype=np.int64)
