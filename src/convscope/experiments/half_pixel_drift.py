"""An even kernel has no middle pixel: with padding on one side, every layer moves the image."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from matplotlib.ticker import MaxNLocator

from convscope.experiments.uneven_padding import correlate_same
from convscope.look.canvas import drawing, headline
from convscope.look.language import pick
from convscope.look.numbers import number
from convscope.look.palette import MARKERS, SERIES
from convscope.look.printed import Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZE = 64  # pixels: enough that nothing reaches the border


@dataclass(frozen=True)
class PixelDrift(Printed):
    """How far a point has moved after each layer. It prints as a table and draws itself.

    Attributes:
        positions: By kernel, pixels to the right after 0, 1, 2 … layers; below 0: to the left.
    """

    positions: Mapping[int, Sequence[float]]

    def per_layer(self, kernel: int) -> float:
        """Pixels that each layer moves the image by, without the sign."""
        places = self.positions[kernel]
        return abs(places[-1] - places[0]) / (len(places) - 1)

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        layers = len(next(iter(self.positions.values()))) - 1
        headings = (
            pick("kernel", "卷积核"),
            pick(f"after {layers} layers", f"{layers} 层之后"),
            pick("each layer", "每层"),
        )
        rows = [
            (f"{k}×{k}", number(places[-1], 3), number(places[-1] / layers, 3))
            for k, places in self.positions.items()
        ]
        title = pick(
            "Pixels that a point has moved; below 0: to the left", "一个点移动的像素数；负数：向左"
        )
        yield TextTable(title, headings, rows)

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw the place of the point over the layers, one line for each kernel.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        with drawing(path, 8.0, 4.2) as figure:
            headline(
                figure,
                pick(
                    "Even kernels move the image by half a pixel a layer",
                    "偶数卷积核每层把图像移动半个像素",
                ),
            )
            axes = figure.subplots()
            for place, (k, places) in enumerate(self.positions.items()):
                # Lines that lie on one another: the later the thinner.
                axes.plot(
                    places, label=f"{k}×{k}", color=SERIES[place], marker=MARKERS[place],
                    markersize=max(3, 9 - 2 * place), linewidth=max(1.0, 6 - 1.7 * place),
                )  # fmt: skip
            axes.set(
                xlabel=pick("layers", "层数"),
                ylabel=pick("pixels moved (below 0: to the left)", "移动的像素数（负数：向左）"),
            )
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {"positions": {str(k): [*map(float, p)] for k, p in self.positions.items()}}


def measure_drift(kernels: Sequence[int] = (2, 3, 4, 5), layers: int = 8) -> PixelDrift:
    """Follow a bright point through layers that take the mean, with PyTorch's padding "same".

    Where the point is, is the mean of all places, weighted by their values.

    Args:
        kernels: Entries of the kernels, at most 6.
        layers: How many, at most 8.
    """
    positions = {}
    columns = torch.arange(SIZE, dtype=torch.float64)
    for k in kernels:
        x = torch.zeros(1, 1, SIZE, dtype=torch.float64)
        x[..., SIZE // 2] = 1
        places = [0.0]
        for _ in range(layers):
            x = correlate_same(x, torch.full((1, 1, k), 1 / k, dtype=torch.float64))
            places.append(float((columns * x[0, 0]).sum() / x.sum()) - SIZE // 2)
        positions[k] = places
    return PixelDrift(positions)
