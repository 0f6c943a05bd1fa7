"""Batch normalization written out beside the framework's, and what it does to each channel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from convscope.definitions.normalization import (
    Moments,
    batch_norm_prediction,
    batch_norm_training,
    batch_norm_training_backward,
)
from convscope.errors import UsageError
from convscope.look.canvas import drawing, footnote, headline
from convscope.look.language import pick
from convscope.look.numbers import number, write_as
from convscope.look.palette import BLUE, FAINT
from convscope.look.printed import Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class BatchNormComparison(Printed):
    """Batch normalization by its definition and by the framework, on the same random maps.

    Attributes:
        differences: Largest difference of "training" (output), "moving mean", "moving variance",
            "prediction" (output), and "gradient" (in the input, training).
        before: What is normalized, (N, channels, height, width).
        after: What comes out in training, with scale 1 and shift 0.
    """

    differences: Mapping[str, float]
    before: Array
    after: Array

    @property
    def largest(self) -> float:
        """The largest of the differences."""
        return max(self.differences.values())

    def means(self) -> tuple[Array, Array]:
        """Each channel's mean, before and after."""
        return self.before.mean((0, 2, 3)), self.after.mean((0, 2, 3))

    def deviations(self) -> tuple[Array, Array]:
        """Each channel's standard deviation, before and after."""
        return self.before.std((0, 2, 3)), self.after.std((0, 2, 3))

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        names = {
            "training": pick("output in training", "训练时的输出"),
            "moving mean": pick("moving mean", "移动平均的均值"),
            "moving variance": pick("moving variance", "移动平均的方差"),
            "prediction": pick("output in prediction", "预测时的输出"),
            "gradient": pick("gradient in the input", "对输入的梯度"),
        }
        rows = [(names[key], write_as(value, ".1e")) for key, value in self.differences.items()]
        title = pick("Definition against framework", "按定义计算与框架相比")
        yield TextTable(title, ("", pick("largest difference", "最大差")), rows)
        (means, after_means), (spreads, after_spreads) = self.means(), self.deviations()
        yield TextTable(
            pick("Mean ± deviation of each channel", "各通道的均值 ± 标准差"),
            (pick("channel", "通道"), pick("before", "之前"), pick("after", "之后")),
            [
                (
                    str(channel),
                    f"{number(means[channel], 3)} ± {number(spreads[channel], 3)}",
                    f"{write_as(round(after_means[channel], 2) + 0.0, '.2f')} ± "
                    f"{write_as(after_spreads[channel], '.2f')}",
                )
                for channel in range(len(means))
            ],
        )

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw the numbers of each channel before and after.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        with drawing(path, 9.0, 3.9) as figure:
            headline(
                figure,
                pick(
                    "Every channel gets mean 0 and deviation 1",
                    "每个通道的均值变为 0，标准差变为 1",
                ),
            )
            sides = figure.subplots(1, 2)
            titles = pick("before", "之前"), pick("after", "之后")
            for axes, values, title in zip(sides, (self.before, self.after), titles, strict=True):
                channels = [values[:, channel].ravel() for channel in range(values.shape[1])]
                parts = axes.violinplot(channels, showextrema=False)
                for body in parts["bodies"]:
                    body.set(facecolor=BLUE, alpha=0.35)
                places = range(1, len(channels) + 1)
                middle, spread = (
                    [each.mean() for each in channels],
                    [each.std() for each in channels],
                )
                axes.errorbar(places, middle, spread, fmt="o", color=BLUE, capsize=4)
                axes.axhline(0, color=FAINT, linewidth=0.8)
                axes.set_title(title)
                axes.set_xticks(places, [str(place - 1) for place in places])
                axes.set_xlabel(pick("channel", "通道"))
            sides[0].set_ylabel(pick("numbers of the batch", "批量中的数值"))
            footnote(
                figure,
                pick("Point and bar: mean and standard deviation.", "点与竖线：均值与标准差。"),
            )
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            "differences": dict(self.differences),
            "means": [each.tolist() for each in self.means()],
            "deviations": [each.tolist() for each in self.deviations()],
        }


def compare_batch_norm(
    images: int = 8, channels: int = 4, size: int = 6, *, seed: int = 0
) -> BatchNormComparison:
    """Put random maps through `definitions.normalization` and through PyTorch, in float64.

    Args:
        images: In the batch.
        channels: Each with its own mean and deviation.
        size: Height and width of the maps.
        seed: Of all numbers.

    Raises:
        UsageError: A channel has a single number.
    """
    if images * size * size < 2 or channels < 1:
        raise UsageError(
            "compare_batch_norm takes at least one channel with two numbers; given "
            f"{images} × {channels} × {size} × {size}."
        )
    random = np.random.default_rng(seed)
    spread = random.uniform(0.3, 3, (1, channels, 1, 1))
    middle = random.uniform(-6, 6, (1, channels, 1, 1))
    maps = middle + spread * random.normal(size=(images, channels, size, size))
    scale, shift = random.uniform(0.5, 2, channels), random.normal(size=channels)
    start = Moments(np.zeros(channels), np.ones(channels))
    output, moving = batch_norm_training(maps, scale, shift, start)
    upstream = random.normal(size=maps.shape)

    layer = nn.BatchNorm2d(channels, dtype=torch.float64)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(scale))
        layer.bias.copy_(torch.from_numpy(shift))
    tensor = torch.from_numpy(maps).requires_grad_()
    theirs = layer(tensor)
    (in_maps,) = torch.autograd.grad(theirs, tensor, torch.from_numpy(upstream))
    pairs = {
        "training": (output, theirs),
        "moving mean": (moving.mean, layer.get_buffer("running_mean")),
        "moving variance": (moving.variance, layer.get_buffer("running_var")),
        "prediction": (batch_norm_prediction(maps, scale, shift, moving), layer.eval()(tensor)),
        "gradient": (batch_norm_training_backward(upstream, maps, scale).x, in_maps),
    }
    differences = {name: _difference(*pair) for name, pair in pairs.items()}
    plain, _ = batch_norm_training(maps, np.ones(channels), np.zeros(channels), start)
    return BatchNormComparison(differences, maps, plain)


def _difference(ours: Array, theirs: torch.Tensor) -> float:
    return float(np.abs(ours - theirs.detach().numpy()).max())
