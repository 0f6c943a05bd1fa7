"""Which variance batch normalization uses where, found out from what the framework does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from convscope.errors import UsageError
from convscope.look.canvas import drawing, headline
from convscope.look.language import pick
from convscope.look.numbers import write_as
from convscope.look.palette import MARKERS, SERIES
from convscope.look.printed import Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class VarianceFactors(Printed):
    """Which variance batch normalization uses where.

    Attributes:
        counts: Numbers that a channel has in the batch, m.
        normalizing: For each, the variance that the batch is normalized with, over the batch's
            plain variance (divided by m).
        keeping: For each, the variance that enters the moving average, over the same.
    """

    counts: tuple[int, ...]
    normalizing: tuple[float, ...]
    keeping: tuple[float, ...]

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        yield TextTable(
            pick("Variance used, over the plain one (1/m)", "所用方差与普通方差（除以 m）之比"),
            (pick("numbers in a channel, m", "一个通道中的数的个数 m"), *map(str, self.counts)),
            [
                (pick("normalizing the batch", "规范化本批量"),
                 *(write_as(each, ".4f") for each in self.normalizing)),
                (pick("kept for prediction", "留作预测用"),
                 *(write_as(each, ".4f") for each in self.keeping)),
            ],
        )  # fmt: skip

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw both over m.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        with drawing(path, 8.5, 3.9) as figure:
            headline(
                figure,
                pick(
                    "Two variances: they differ for a few numbers only",
                    "两种方差：只在数很少时才有差别",
                ),
            )
            axes = figure.subplots()
            kinds = {
                pick("kept for prediction", "留作预测用"): self.keeping,
                pick("normalizing the batch", "规范化本批量"): self.normalizing,
            }
            for (name, values), colour, marker in zip(kinds.items(), SERIES, MARKERS, strict=False):
                excess = [100 * (each - 1) for each in values]
                axes.plot(self.counts, excess, f"{marker}-", color=colour, label=name)
            axes.set_xscale("log", base=2)
            axes.set_xticks(self.counts, [str(each) for each in self.counts])
            axes.set_xlabel(
                pick("numbers that a channel has in the batch", "批量中一个通道的数的个数")
            )
            axes.set_ylabel(pick("above the plain variance, %", "比普通方差大（%）"))
            axes.legend()
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            "counts": [*self.counts],
            "normalizing": [*self.normalizing],
            "keeping": [*self.keeping],
        }


def measure_variance_factors(
    counts: Sequence[int] = (2, 4, 8, 16, 64, 256), *, seed: int = 0
) -> VarianceFactors:
    """Find out from outputs and buffers which variances PyTorch's batch normalization uses.

    Args:
        counts: Numbers of the batch's only channel, each at least 2.
        seed: Of the numbers.

    Raises:
        UsageError: A count is below 2.
    """
    if not counts or min(counts) < 2:
        raise UsageError(f"counts must be at least 2, to have a variance; given {tuple(counts)}.")
    random = np.random.default_rng(seed)
    normalizing, keeping = [], []
    for count in counts:
        batch = torch.from_numpy(random.normal(size=(count, 1)))
        plain = float(batch.var(correction=0))
        layer = nn.BatchNorm1d(1, eps=1e-12, momentum=0.5, dtype=torch.float64).train()
        slope = float(layer(batch).detach().std(correction=0)) / float(batch.std(correction=0))
        normalizing.append(1 / slope**2 / plain)
        keeping.append(
            (float(layer.get_buffer("running_var")) - 0.5) / 0.5 / plain
        )  # it began at 1
    return VarianceFactors(tuple(counts), tuple(normalizing), tuple(keeping))
