"""How far padding reaches in from the border, layer after layer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from convscope.definitions.cross_correlation import cross_correlation
from convscope.definitions.windows import pad
from convscope.look.canvas import drawing, headline
from convscope.look.language import pick
from convscope.look.numbers import percent
from convscope.look.palette import FAINT, PALE_BLUE, VERMILION
from convscope.look.printed import Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_DRAWN = 5


@dataclass(frozen=True)
class BorderReach(Printed):
    """Which outputs depend on padding, layer after layer. It prints as a table and draws itself.

    Attributes:
        kernel: Height and width of every kernel.
        maps: One for each layer, bool (size, size): whether an output depends on padding.
    """

    kernel: int
    maps: tuple[NDArray[np.bool_], ...] = field(repr=False)

    @property
    def shares(self) -> tuple[float, ...]:
        """Share of the outputs that depend on padding, one for each layer."""
        return tuple(float(each.mean()) for each in self.maps)

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        size = len(self.maps[0])
        title = pick(
            f"Outputs that depend on the padding: {size}×{size}, {self.kernel}×{self.kernel}",
            f"受填充影响的输出：{size}×{size}，卷积核 {self.kernel}×{self.kernel}",
        )
        rows = [(str(n), percent(share)) for n, share in enumerate(self.shares, 1)]
        yield TextTable(title, (pick("layer", "层"), pick("share", "比例")), rows)

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw which outputs of each layer depend on the padding, at most 5 layers.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        from matplotlib.colors import ListedColormap

        drawn = min(MOST_DRAWN, len(self.maps))
        with drawing(path, 0.5 + 2.2 * drawn, 3.2) as figure:
            headline(
                figure,
                pick(
                    "Padding reaches further in with every layer",
                    "每过一层，填充的影响就向内多走一步",
                ),
            )
            parts = figure.subplots(1, drawn, squeeze=False)[0]
            for number, (axes, reached) in enumerate(zip(parts, self.maps, strict=False), 1):
                axes.imshow(reached, cmap=ListedColormap([PALE_BLUE, VERMILION]), vmin=0, vmax=1)
                size = len(reached)
                axes.set_xticks(np.arange(0.5, size - 1), [])
                axes.set_yticks(np.arange(0.5, size - 1), [])
                axes.grid(visible=True, color="white", linewidth=0.6)
                axes.tick_params(length=0)
                axes.spines[:].set(visible=True, color=FAINT, linewidth=0.5)
                axes.set_title(
                    pick(
                        f"layer {number}: {percent(float(reached.mean()), 0)}",
                        f"第 {number} 层：{percent(float(reached.mean()), 0)}",
                    ),
                    fontsize=11,
                )
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {"kernel": self.kernel, "shares": [*self.shares]}


def measure_border_reach(size: int, *, kernel: int = 3, layers: int = 5) -> BorderReach:
    """Find the outputs that depend on padding: NaN is added in place of zeros, and spreads.

    Args:
        size: Height and width of the image, and of all maps.
        kernel: Height and width of every kernel, odd.
        layers: How many.
    """
    margin = kernel // 2
    weight, found = np.ones((1, 1, kernel, kernel)), np.zeros((size, size), dtype=bool)
    maps = []
    for _ in range(layers):
        x = np.where(found, np.nan, 1.0)[None, None]
        padded = pad(x, (margin, margin), "zeros", outside=np.nan)
        found = np.isnan(cross_correlation(padded, weight)[0, 0])
        maps.append(found)
    return BorderReach(kernel, tuple(maps))
