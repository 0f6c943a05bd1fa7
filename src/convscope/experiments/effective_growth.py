"""How the effective receptive field grows with depth, beside the theoretical one.

Weights that are drawn at random spread a gradient as n throws of a die spread their sum: its width
grows with √n while the theoretical field grows with n. For each 3×3 layer the squared gradient is
spread over three pixels, whose variance is 2/3; the size of the gradient, whose square is a bell of
variance 2n/3, is itself one of variance 4n/3 on each axis.

Source: Luo, Li, Urtasun and Zemel, "Understanding the effective receptive field in deep
convolutional neural networks", 2016.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from convscope.errors import UsageError
from convscope.experiments.brief_training import on_one_thread
from convscope.experiments.convolution_stack import build_convolution_stack
from convscope.inspection.receptive_field.effective_field import effective_field, pixels_of_share
from convscope.look.language import pick
from convscope.look.numbers import number, percent
from convscope.look.printed import Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHARE = 0.9


@dataclass(frozen=True)
class StackField:
    """The field of the one unit that a stack without padding leaves.

    Attributes:
        layers: How many 3×3 convolutions.
        effective: float64 (side, side): mean size of the gradient by each pixel.
    """

    layers: int
    effective: NDArray[np.float64] = field(repr=False)

    @property
    def theoretical(self) -> int:
        """Height and width of the theoretical field, in pixels."""
        return len(self.effective)

    @property
    def spread(self) -> float:
        """Standard deviation of the effective field, in pixels, mean of both axes."""
        return measure_spread(self.effective)

    @property
    def width(self) -> float:
        """Four standard deviations: where 95 % of a bell lie on one axis, in pixels."""
        return 4 * self.spread

    @property
    def share(self) -> float:
        """Share of the theoretical field's pixels in which 90 % of the gradient lie."""
        return pixels_of_share(self.effective, SHARE) / self.effective.size

    @property
    def peak(self) -> float:
        """The largest size of a gradient."""
        return float(self.effective.max())


@dataclass(frozen=True)
class EffectiveGrowth(Printed):
    """Effective fields over depth. It prints as a table and draws itself.

    Attributes:
        activation: Behind each convolution.
        fields: One for each depth.
    """

    activation: str
    fields: tuple[StackField, ...]

    @property
    def slope(self) -> float:
        """Of log(spread) over log(layers), by least squares: 1 grows with n, 1/2 with √n."""
        depths = np.log([each.layers for each in self.fields])
        spreads = np.log([each.spread for each in self.fields])
        return float(np.polyfit(depths, spreads, 1)[0])

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        title = pick(
            f"3×3 layers with {self.activation}: pixels along one side",
            f"3×3 卷积层（激活函数：{self.activation}）：沿一边的像素数",
        )
        headings = (
            pick("layers", "层数"), pick("theoretical", "理论"),
            pick("effective (4σ)", "有效（4σ）"),
            pick("pixels with 90 % of the gradient", "占梯度 90 % 的像素"),
            pick("largest gradient", "最大梯度"),
        )  # fmt: skip
        rows = [
            (str(each.layers), str(each.theoretical), number(each.width, 3),
             percent(each.share, 0), number(each.peak, 2))
            for each in self.fields
        ]  # fmt: skip
        yield TextTable(title, headings, rows, left=frozenset())

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw both sizes over depth, and the profile of the deepest field.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        from convscope.experiments.effective_figures import growth_figure

        return growth_figure(self, path)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold, without the maps."""
        fields = [
            {"layers": f.layers, "theoretical": f.theoretical, "spread": f.spread,
             "share": f.share, "peak": f.peak}
            for f in self.fields
        ]  # fmt: skip
        return {"activation": self.activation, "slope": self.slope, "fields": fields}


def measure_effective_growth(
    depths: Sequence[int] = (2, 4, 8, 16, 32),
    *,
    activation: str = "relu",
    channels: int = 8,
    images: int = 16,
    seed: int = 0,
) -> EffectiveGrowth:
    """Measure effective fields of stacks of 3×3 convolutions with fresh weights.

    Args:
        depths: Numbers of layers, at least one.
        activation: "none", "relu", "tanh" or "sigmoid"; see `build_convolution_stack`.
        channels: Of every layer.
        images: How many images of noise the gradient's size is a mean of.
        seed: Of weights and noise.

    Raises:
        UsageError: No depth, or no such activation.
    """
    if not depths:
        raise UsageError("measure_effective_growth needs at least one depth.")
    found = []
    with torch.random.fork_rng(devices=[]), on_one_thread():
        torch.manual_seed(seed)
        for layers in depths:
            network = build_convolution_stack(layers, channels=channels, activation=activation)
            noise = torch.randn(images, 1, 2 * layers + 1, 2 * layers + 1)
            fields = [
                effective_field(network, noise, f"act{layers}", (channel, 0, 0))
                for channel in range(min(channels, 4))
            ]
            found.append(StackField(layers, np.mean(fields, axis=0)))
    return EffectiveGrowth(activation, tuple(found))


def measure_spread(effective: NDArray[np.float64]) -> float:
    """The standard deviation of an effective field around its own middle, mean of both axes.

    Args:
        effective: (height, width), sizes of gradients; 0 is returned where all are 0.
    """
    total = effective.sum()
    if not total > 0:
        return 0.0
    variances = []
    for axis in (0, 1):
        weights = effective.sum(axis=axis) / total
        places = np.arange(len(weights))
        middle = (weights * places).sum()
        variances.append((weights * (places - middle) ** 2).sum())
    return float(np.sqrt(np.mean(variances)))
