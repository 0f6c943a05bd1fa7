"""The moving averages of batch normalization, and the two meanings of its "momentum"."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from convscope.definitions.normalization import Moments, batch_norm_training
from convscope.errors import UsageError
from convscope.look.canvas import drawing, footnote, headline
from convscope.look.language import pick
from convscope.look.numbers import number, write_as
from convscope.look.palette import FAINT, INK, SERIES
from convscope.look.printed import Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class MovingAverages(Printed):
    """The moving mean of one channel, batch by batch, for several settings of PyTorch's momentum.

    Attributes:
        momenta: What PyTorch was given: the weight of the *new* batch.
        framework: By momentum, the moving mean after each batch, PyTorch's.
        definition: By momentum, the same by the formula that keeps 1 − momentum of the *old*.
        batch_means: The mean of each batch.
        target: The mean of what all batches were drawn from.
    """

    momenta: tuple[float, ...]
    framework: Mapping[float, tuple[float, ...]]
    definition: Mapping[float, tuple[float, ...]]
    batch_means: tuple[float, ...]
    target: float

    def difference(self, momentum: float, keep: float) -> float:
        """Largest difference of PyTorch's course at a momentum from the formula's at a `keep`."""
        formula = self.definition[min(self.momenta, key=lambda each: abs(1 - each - keep))]
        pairs = zip(self.framework[momentum], formula, strict=True)
        return max(abs(one - other) for one, other in pairs)

    def batches_to(self, share: float, momentum: float) -> int | None:
        """Batches after which the moving mean has gone this share of the way; None if it hasn't."""
        course = self.framework[momentum]
        reached = [each >= share * self.target for each in course]
        return reached.index(True) + 1 if any(reached) else None

    def wobble(self, momentum: float) -> float:
        """Standard deviation of the moving mean over the last half of the batches."""
        course = self.framework[momentum]
        return float(np.std(course[len(course) // 2 :]))

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        headings = (
            pick("PyTorch's momentum", "PyTorch 的 momentum"),
            pick("share of the old", "旧值的份额"),
            pick("batches to 90 %", "走完 90 % 所需批数"),
            pick("wobble", "波动"),
            pick("formula − framework", "公式与框架之差"),
        )
        rows = [
            (
                number(each),
                number(1 - each, 3),
                str(self.batches_to(0.9, each) or "–"),
                number(self.wobble(each), 2),
                write_as(self.difference(each, 1 - each), ".0e"),
            )
            for each in self.momenta
        ]
        title = pick("The moving mean of one channel", "一个通道的移动平均")
        yield TextTable(title, headings, rows, left=frozenset())

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw the moving mean over the batches.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        with drawing(path, 8.5, 4.2) as figure:
            headline(
                figure,
                pick(
                    "The same word, two meanings: 0.1 of the new, or 0.9?",
                    "同一个词，两种含义：新值占 0.1，还是 0.9？",
                ),
            )
            axes = figure.subplots()
            batches = range(1, len(self.batch_means) + 1)
            axes.plot(
                batches, self.batch_means, ".", color=FAINT, markersize=4,
                label=pick("mean of the batch", "该批量的均值"),
            )  # fmt: skip
            axes.axhline(self.target, color=INK, linewidth=0.8, linestyle="--")
            for momentum, colour in zip(self.momenta, SERIES, strict=False):
                label = pick(
                    f"moving mean, momentum={momentum:g}", f"移动平均，momentum={momentum:g}"
                )
                axes.plot(batches, self.framework[momentum], color=colour, label=label)
            axes.set_xlabel(pick("batches", "批数"))
            axes.set_ylabel(pick("mean", "均值"))
            axes.legend(loc="lower right")
            footnote(
                figure,
                pick(
                    "PyTorch's momentum. Dashed: the true mean.",
                    "PyTorch 的 momentum；虚线：真实均值。",
                ),
            )
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            "momenta": [*self.momenta],
            "framework": {str(each): [*self.framework[each]] for each in self.momenta},
            "definition": {str(each): [*self.definition[each]] for each in self.momenta},
            "batch_means": [*self.batch_means],
            "target": self.target,
        }


def follow_moving_averages(
    momenta: Sequence[float] = (0.1, 0.9),
    *,
    batches: int = 60,
    batch_size: int = 16,
    target: float = 3.0,
    seed: int = 0,
) -> MovingAverages:
    """Feed batches of numbers drawn from N(target, 1) to a batch normalization in training.

    Args:
        momenta: PyTorch's setting, each between 0 and 1.
        batches: How many.
        batch_size: Numbers of a batch.
        target: Mean of what they are drawn from; the moving mean begins at 0.
        seed: Of the draws.

    Raises:
        UsageError: A momentum isn't between 0 and 1.
    """
    if not momenta or not all(0 < each < 1 for each in momenta):
        raise UsageError(
            f"momenta are between 0 and 1: the weight of the new batch; given {tuple(momenta)}."
        )
    draws = target + np.random.default_rng(seed).normal(size=(batches, batch_size, 1))
    framework, definition = {}, {}
    for momentum in momenta:
        layer = nn.BatchNorm1d(1, momentum=momentum, dtype=torch.float64).train()
        moving = Moments(np.zeros(1), np.ones(1))
        theirs, ours = [], []
        for batch in draws:
            layer(torch.from_numpy(batch))
            theirs.append(float(layer.get_buffer("running_mean")))
            _, moving = batch_norm_training(
                batch, np.ones(1), np.zeros(1), moving, keep=1 - momentum
            )
            ours.append(float(moving.mean[0]))
        framework[momentum], definition[momentum] = tuple(theirs), tuple(ours)
    means = tuple(float(batch.mean()) for batch in draws)
    return MovingAverages(tuple(momenta), framework, definition, means, target)
