"""How much the loss of a minibatch differs from draw to draw, over the size of the batch.

The mean of B independent losses has the standard deviation σ / √B: four times as many images, half
the noise. That is at fixed weights; it doesn't say that training is better.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from convscope.errors import UsageError
from convscope.experiments.brief_training import on_one_thread
from convscope.experiments.sgd_course import digits_network, digits_of
from convscope.look.canvas import drawing, headline
from convscope.look.language import pick
from convscope.look.numbers import number, write_as
from convscope.look.palette import FAINT, SERIES
from convscope.look.printed import Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class BatchNoise(Printed):
    """The spread of minibatch losses by batch size. It prints as a table and draws itself.

    Attributes:
        sizes: Batch sizes, rising.
        spreads: For each, the standard deviation of the batch's mean loss, over the draws.
        draws: How many batches of each size.
    """

    sizes: tuple[int, ...]
    spreads: tuple[float, ...]
    draws: int

    @property
    def slope(self) -> float:
        """Slope of the spread over the size, both as logarithms."""
        return float(np.polyfit(np.log(self.sizes), np.log(self.spreads), 1)[0])

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        yield TextTable(
            pick(
                f"Spread of the loss over {self.draws} batches",
                f"{self.draws} 个小批量的损失的标准差",
            ),
            (pick("batch size", "批量大小"), *map(str, self.sizes)),
            [(pick("standard deviation", "标准差"), *(number(each, 2) for each in self.spreads))],
        )

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw the spread over the size, with the line of slope −1/2.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        with drawing(path, 8.0, 4.2) as figure:
            headline(
                figure,
                pick(
                    "Four times as many images in a batch: half the noise of its loss",
                    "小批量中的图像增到四倍，损失的噪声减半",
                ),
            )
            axes = figure.subplots()
            line = self.spreads[0] * (np.array(self.sizes) / self.sizes[0]) ** -0.5
            label = pick("slope −1/2", "斜率 −1/2")
            axes.plot(self.sizes, line, color=FAINT, linestyle="--", label=label)
            slope = write_as(self.slope, ".2f")
            measured = pick(f"measured, slope {slope}", f"实测，斜率 {slope}")
            axes.plot(self.sizes, self.spreads, "o", color=SERIES[0], label=measured)
            axes.set(xscale="log", yscale="log")
            axes.set_xticks(self.sizes, [*map(str, self.sizes)])
            axes.set_xticks([], minor=True)
            axes.set_xlabel(pick("images in a batch", "小批量中的图像数"))
            axes.set_ylabel(pick("standard deviation of the loss", "损失的标准差"))
            axes.legend()
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {"sizes": [*self.sizes], "spreads": [*self.spreads], "draws": self.draws}


def batch_loss(losses: Tensor) -> float:
    """The loss of a batch: the mean over its images.

    Args:
        losses: One for each image, (N,).
    """
    return float(losses.mean())


def measure_batch_noise(
    sizes: Sequence[int] = (1, 4, 16, 64, 256), *, draws: int = 400, seed: int = 0
) -> BatchNoise:
    """Draw minibatches of the digits, with replacement, and measure how their losses spread.

    The network, one hidden layer of 32 units, is untrained and stays as it is.

    Args:
        sizes: Batch sizes, rising.
        draws: How many batches of each.
        seed: Of weights and draws.

    Raises:
        UsageError: There are fewer than two sizes or draws, or a size is below 1.
    """
    if len(sizes) < 2 or draws < 2 or min(sizes) < 1:
        raise UsageError(
            f"measure_batch_noise takes two or more sizes of at least 1, and two or more draws; "
            f"given {tuple(sizes)} and {draws}."
        )
    images, labels = digits_of("train")
    random = torch.Generator().manual_seed(seed)
    with on_one_thread(), torch.no_grad():
        network: nn.Module = digits_network(seed)
        losses = F.cross_entropy(network(images), labels, reduction="none")
        spreads = []
        for size in sizes:
            places = torch.randint(len(losses), (draws, size), generator=random)
            spreads.append(float(np.std([batch_loss(losses[row]) for row in places])))
    return BatchNoise(tuple(sizes), tuple(spreads), draws)
