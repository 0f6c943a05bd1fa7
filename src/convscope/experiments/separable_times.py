"""Depthwise separable convolutions against full ones: operations and time, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import nn

from convscope.errors import UsageError
from convscope.experiments.layer_times import time_layers
from convscope.look.language import pick
from convscope.look.numbers import duration, percent
from convscope.look.printed import Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KERNEL = 3


@dataclass(frozen=True)
class SeparableTime:
    """A full 3×3 convolution and a separable one in its place.

    Attributes:
        channels: Of input and output.
        operations: Multiply–adds of the separable one over those of the full one.
        full_seconds: Time of the full one for one image, on one thread.
        separable_seconds: Time of the separable one.
    """

    channels: int
    operations: float
    full_seconds: float
    separable_seconds: float

    @property
    def time(self) -> float:
        """Time of the separable one over that of the full one."""
        return self.separable_seconds / self.full_seconds


@dataclass(frozen=True)
class SeparableTimes(Printed):
    """Pairs of several widths.

    Attributes:
        pairs: One for each number of channels.
        size: Height and width of the maps.
    """

    pairs: tuple[SeparableTime, ...]
    size: int

    @property
    def least_lag(self) -> float:
        """The smallest of the ratios of time to operations: 1 if time were operations."""
        return min(pair.time / pair.operations for pair in self.pairs)

    def shown(self) -> Iterator[Part]:
        """A row for each width."""
        yield TextTable(
            pick(
                f"3×3 on maps of {self.size} × {self.size}, one image, one thread",
                f"3×3，{self.size} × {self.size} 的特征图，一幅图像，单线程",
            ),
            (
                pick("channels", "通道"), pick("full", "普通"), pick("separable", "可分离"),
                pick("operations", "运算量"), pick("time", "时间"),
            ),
            [
                (str(pair.channels), duration(pair.full_seconds), duration(pair.separable_seconds),
                 percent(pair.operations, 0), percent(pair.time, 0))
                for pair in self.pairs
            ],
        )  # fmt: skip

    def figure(self, path: str | Path | None = None) -> Figure:
        """Operations and time of the separable one, as shares of the full one.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        import numpy as np

        from convscope.look.canvas import drawing, footnote, headline
        from convscope.look.palette import BLUE, FAINT, VERMILION

        with drawing(path, 8.5, 1.8 + 0.75 * len(self.pairs)) as figure:
            headline(
                figure,
                pick(
                    "Depthwise separable: the operations go, much of the time stays"
                    if self.least_lag > 1
                    else "Depthwise separable: operations and time",
                    "逐通道可分离卷积：运算量下去了，时间大多还在"
                    if self.least_lag > 1
                    else "逐通道可分离卷积：运算量与时间",
                ),
            )
            axes = figure.subplots()
            rows = np.arange(len(self.pairs))
            for offset, colour, name, values in (
                (-0.19, BLUE, pick("operations", "运算量"), [p.operations for p in self.pairs]),
                (0.19, VERMILION, pick("time", "时间"), [p.time for p in self.pairs]),
            ):
                shares = [100 * value for value in values]
                bars = axes.barh(rows + offset, shares, 0.34, color=colour, label=name)
                axes.bar_label(bars, [f"{share:.0f} %" for share in shares], padding=3)
            axes.axvline(100, color=FAINT, linewidth=1)
            names = [pick(f"{p.channels} channels", f"{p.channels} 个通道") for p in self.pairs]
            axes.set_yticks(rows, names)
            axes.invert_yaxis()
            axes.margins(x=0.12)
            axes.grid(visible=False, axis="y")
            axes.tick_params(axis="y", length=0)
            axes.set_xlabel(pick("% of the full 3×3 convolution", "占普通 3×3 卷积的百分比"))
            figure.legend(loc="outside right center")
            footnote(figure, pick("One image, one thread, float32.", "一幅图像，单线程，float32。"))
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {"pairs": [asdict(pair) for pair in self.pairs], "size": self.size}


def time_separable(channels: Sequence[int] = (16, 64, 256), *, size: int = 28) -> SeparableTimes:
    """Count and time a full 3×3 convolution, and a depthwise 3×3 with a 1×1 behind it.

    Args:
        channels: Of input and output, for each pair.
        size: Height and width of the maps, which stay.

    Raises:
        UsageError: No channels are given.
    """
    if not channels:
        raise UsageError("time_separable needs at least one number of channels.")
    pairs = []
    for count in channels:
        shape = (count, size, size)
        full = nn.Conv2d(count, count, KERNEL, padding=1, bias=False)
        separable = nn.Sequential(
            nn.Conv2d(count, count, KERNEL, padding=1, groups=count, bias=False),
            nn.Conv2d(count, count, 1, bias=False),
        )
        found = time_layers({"full": (full, shape), "separable": (separable, shape)}).layers
        operations = found["separable"].macs / found["full"].macs
        seconds = found["full"].seconds, found["separable"].seconds
        pairs.append(SeparableTime(count, operations, *seconds))
    return SeparableTimes(tuple(pairs), size)
