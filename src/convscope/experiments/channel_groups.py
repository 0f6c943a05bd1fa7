"""Groups of channels: a convolution whose kernels between groups are left out.

Source: Krizhevsky, Sutskever and Hinton, NIPS 2012 (two groups); depthwise, as many groups as
channels, followed by 1×1: Howard et al., "MobileNets", arXiv 1704.04861, 2017, section 3.1.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from convscope.definitions.counting import convolution_parameters
from convscope.definitions.cross_correlation import cross_correlation
from convscope.look.canvas import drawing, headline
from convscope.look.language import pick
from convscope.look.numbers import number
from convscope.look.palette import BLUE, FAINT, GRID
from convscope.look.printed import Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZE = 8  # pixels of the image on which outputs are compared


class GroupRow(NamedTuple):
    """A convolution with some number of groups.

    Attributes:
        groups: How many.
        weights: Kernel entries.
        joined: Which kernels there are, bool (c_out, c_in).
        difference: Largest difference between PyTorch's output and that of a full convolution in
            which all other kernels are 0.
    """

    groups: int
    weights: int
    joined: NDArray[np.bool_]
    difference: float


@dataclass(frozen=True)
class ChannelGroups(Printed):
    """Convolutions that differ in their groups. It prints as a table and draws itself.

    Attributes:
        channels: Input and output channels.
        kernel: Height and width of the kernels.
        rows: One for each number of groups.
        separable: Weights of a depthwise convolution and a 1×1 convolution behind it.
    """

    channels: int
    kernel: int
    rows: tuple[GroupRow, ...] = field(repr=False)
    separable: int

    @property
    def saved(self) -> float:
        """Weights of the separable pair as a share of those of the full convolution."""
        full = convolution_parameters(self.channels, self.channels, (self.kernel,) * 2, bias=False)
        return self.separable / full

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        headings = (
            pick("groups", "分组数"),
            pick("kernels", "卷积核数"),
            pick("weights", "权重数"),
            pick("difference from zeros elsewhere", "与其余置零之差"),
        )
        rows = [
            (str(r.groups), str(int(r.joined.sum())), f"{r.weights:,}", number(r.difference, 2))
            for r in self.rows
        ]
        title = pick(
            f"{self.kernel}×{self.kernel}, {self.channels} → {self.channels} channels",
            f"{self.kernel}×{self.kernel}，{self.channels} → {self.channels} 通道",
        )
        yield TextTable(title, headings, rows, left=frozenset())

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw which output channel looks at which input channel, for each number of groups.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        from matplotlib.colors import ListedColormap

        with drawing(path, 0.6 + 2.6 * len(self.rows), 3.7) as figure:
            headline(
                figure,
                pick(
                    "Groups leave kernels out: one square is one kernel",
                    "分组就是省去卷积核：每个方块是一个卷积核",
                ),
            )
            parts = figure.subplots(1, len(self.rows), squeeze=False)[0]
            for axes, row in zip(parts, self.rows, strict=True):
                axes.imshow(row.joined, cmap=ListedColormap(["white", BLUE]), vmin=0, vmax=1)
                ticks = np.arange(0.5, self.channels - 1)
                axes.set_xticks(ticks, [])
                axes.set_yticks(ticks, [])
                axes.grid(visible=True, color=GRID, linewidth=0.6)
                axes.tick_params(length=0)
                axes.spines[:].set(visible=True, color=FAINT, linewidth=0.5)
                axes.set_title(
                    pick(
                        f"groups {row.groups}: {row.joined.sum()} kernels",
                        f"分组 {row.groups}：{row.joined.sum()} 个核",
                    ),
                    fontsize=11,
                )
            parts[0].set_xlabel(pick("input channel", "输入通道"))
            parts[0].set_ylabel(pick("output channel", "输出通道"))
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            "channels": self.channels,
            "kernel": self.kernel,
            "separable": self.separable,
            "rows": [row._asdict() | {"joined": row.joined.tolist()} for row in self.rows],
        }


def compare_groups(
    channels: int = 8, groups: Sequence[int] = (1, 2, 4, 8), *, kernel: int = 3
) -> ChannelGroups:
    """Compare convolutions with groups to full ones with the missing kernels at 0.

    Args:
        channels: Input and output channels.
        groups: Divisors of the channels; as many as there are channels is depthwise.
        kernel: Height and width of the kernels.

    Raises:
        UsageError: Some number of groups does not divide the channels.
    """
    size = (kernel, kernel)
    depthwise = convolution_parameters(channels, channels, size, groups=channels, bias=False)
    pointwise = convolution_parameters(channels, channels, (1, 1), bias=False)
    rows = tuple(_row(channels, kernel, each) for each in groups)
    return ChannelGroups(channels, kernel, rows, depthwise + pointwise)


def _row(channels: int, kernel: int, groups: int) -> GroupRow:
    import torch
    import torch.nn.functional as F

    weights = convolution_parameters(
        channels, channels, (kernel, kernel), groups=groups, bias=False
    )
    random, width = np.random.default_rng(groups), channels // groups
    x = random.normal(size=(1, channels, SIZE, SIZE))
    weight = random.normal(size=(channels, width, kernel, kernel))
    full = np.zeros((channels, channels, kernel, kernel))
    for output in range(channels):
        first = output // width * width
        full[output, first : first + width] = weight[output]
    theirs = F.conv2d(torch.from_numpy(x), torch.from_numpy(weight), groups=groups).numpy()
    difference = float(abs(theirs - cross_correlation(x, full)).max())
    joined = np.asarray(full.any(axis=(2, 3)), dtype=np.bool_)
    return GroupRow(groups, weights, joined, difference)
