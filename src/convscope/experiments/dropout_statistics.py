"""What dropout does to numbers: how many become 0, what the others become, and the mean."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from convscope.definitions.dropout import dropout
from convscope.errors import UsageError
from convscope.look.canvas import drawing, footnote, headline
from convscope.look.language import pick
from convscope.look.numbers import number, percent, write_as
from convscope.look.palette import FAINT, MARKERS, SERIES
from convscope.look.printed import Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class DropoutStatistics(Printed):
    """What a dropout layer made of ones, for several probabilities.

    Attributes:
        probabilities: p of each layer.
        zeros: For each, the share of numbers that became 0.
        survivors: For each, what a one that survived became.
        means: For each, the mean over all numbers.
        differences: For each, the largest difference of the framework's output from the definition
            x · mask / (1 − p) with the framework's own mask.
        prediction_change: Largest change of a number in prediction mode, of all layers.
        draws: Numbers of each layer.
    """

    probabilities: tuple[float, ...]
    zeros: tuple[float, ...]
    survivors: tuple[float, ...]
    means: tuple[float, ...]
    differences: tuple[float, ...]
    prediction_change: float
    draws: int

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        yield TextTable(
            pick(f"Dropout of {self.draws:,} ones", f"对 {self.draws:,} 个 1 用暂退法"),
            (
                pick("probability p", "概率 p"),
                pick("became 0", "变为 0"),
                pick("others became", "其余变为"),
                pick("mean", "平均"),
            ),
            [
                (number(p), percent(zero), number(survivor, 3), write_as(mean, ".3f"))
                for p, zero, survivor, mean in zip(
                    self.probabilities, self.zeros, self.survivors, self.means, strict=True
                )
            ],
            left=frozenset(),
        )

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw what survivors become and the mean, over p.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        with drawing(path, 8.0, 4.0) as figure:
            headline(
                figure,
                pick(
                    "Survivors grow by 1/(1 − p), so the mean stays",
                    "幸存者放大到 1/(1 − p) 倍，平均保持不变",
                ),
            )
            axes = figure.subplots()
            fine = np.linspace(0, max(self.probabilities), 100)
            axes.plot(fine, 1 / (1 - fine), color=FAINT, linestyle="--", label="1/(1 − p)")
            lines = {
                pick("a survivor", "幸存者"): self.survivors,
                pick("mean of all", "全部的平均"): self.means,
                pick("share of zeros", "0 的比例"): self.zeros,
            }
            for (name, values), colour, marker in zip(lines.items(), SERIES, MARKERS, strict=False):
                axes.plot(self.probabilities, values, marker, color=colour, label=name)
            axes.set_ylim(bottom=0)
            axes.set_xlabel(pick("probability p", "概率 p"))
            axes.legend()
            footnote(
                figure,
                pick(f"{self.draws:,} ones for each p", f"每个 p 用 {self.draws:,} 个 1"),
            )
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            key: [*value] if isinstance(value, tuple) else value
            for key, value in vars(self).items()
        }


def measure_dropout(
    probabilities: Sequence[float] = (0.1, 0.3, 0.5, 0.7, 0.9),
    *,
    draws: int = 100_000,
    seed: int = 0,
) -> DropoutStatistics:
    """Put ones through PyTorch's dropout and through its definition, with the same mask.

    Args:
        probabilities: Each at least 0 and below 1.
        draws: How many ones.
        seed: Of the masks.

    Raises:
        UsageError: A probability is out of its range, or there are no draws.
    """
    if not probabilities or not all(0 <= p < 1 for p in probabilities) or draws < 1:
        raise UsageError(
            f"probabilities are at least 0 and below 1, draws at least 1; given "
            f"{tuple(probabilities)} and {draws}."
        )
    ones = torch.ones(draws, dtype=torch.float64)
    zeros, survivors, means, differences, changes = [], [], [], [], []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for p in probabilities:
            layer = nn.Dropout(p)
            dropped = layer.train()(ones).numpy()
            zeros.append(float((dropped == 0).mean()))
            survivors.append(float(dropped.max()))
            means.append(float(dropped.mean()))
            defined = dropout(ones.numpy(), p, dropped != 0)
            differences.append(float(np.abs(dropped - defined).max()))
            changes.append(float((layer.eval()(ones) - ones).abs().max()))
    return DropoutStatistics(
        tuple(probabilities), tuple(zeros), tuple(survivors), tuple(means), tuple(differences),
        max(changes), draws,
    )  # fmt: skip
