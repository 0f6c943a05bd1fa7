"""Does batch normalization work because inputs of layers move less? Measured, and undone by noise.

"Internal covariate shift" (Ioffe and Szegedy 2015): while a network learns, the inputs of each
layer change their distribution. Santurkar et al. 2018 put noise behind each normalization that
moves these distributions at every step, and found training as fast as before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor, nn

from convscope.errors import UsageError
from convscope.experiments.normalized_networks import build_normalized_dense
from convscope.experiments.plain_sgd import measure_loss, train_by_sgd
from convscope.experiments.sgd_course import digits_of
from convscope.look.canvas import drawing, footnote, headline
from convscope.look.language import pick
from convscope.look.numbers import number
from convscope.look.palette import MARKERS, SERIES
from convscope.look.printed import Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KINDS = ("plain", "batch norm", "noisy batch norm")
TINY = 1e-3  # added to deviations, for units that are silent


@dataclass(frozen=True)
class CovariateShift(Printed):
    """How far distributions moved at each step, and what was learned meanwhile.

    Attributes:
        rates: By kind of network, its best rate of those tried (lowest mean loss).
        shifts: By kind and seed, at that rate: how far the mean of what an activation gets moved
            from step to step, in its standard deviations; mean over units, layers and steps.
        losses: By kind and seed: the loss on the training images at the end.
    """

    rates: Mapping[str, float]
    shifts: Mapping[str, tuple[float, ...]]
    losses: Mapping[str, tuple[float, ...]]

    def shift(self, kind: str) -> float:
        """Mean over the seeds."""
        return float(np.mean(self.shifts[kind]))

    def loss(self, kind: str) -> float:
        """Mean over the seeds."""
        return float(np.mean(self.losses[kind]))

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        names = _names()
        yield TextTable(
            pick("Shift and loss, each at its best rate", "偏移与损失，各用最好的学习率"),
            (
                "",
                pick("rate", "学习率"),
                pick("shift per step", "每步的偏移"),
                pick("loss at the end", "最后的损失"),
            ),
            [
                (names[kind], number(self.rates[kind]), number(self.shift(kind), 2),
                 number(self.loss(kind), 2))
                for kind in self.shifts
            ],
        )  # fmt: skip

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw the loss over the shift, a point for each seed.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        names = _names()
        with drawing(path, 8.5, 4.2) as figure:
            headline(
                figure,
                pick(
                    "Most shift, and still it learns: the shift isn't what matters",
                    "偏移最大，照样学会：起作用的不是偏移",
                ),
            )
            axes = figure.subplots()
            for kind, colour, marker in zip(self.shifts, SERIES, MARKERS, strict=False):
                axes.plot(
                    self.shifts[kind], self.losses[kind], marker, color=colour, markersize=9,
                    label=names[kind],
                )  # fmt: skip
            axes.set_yscale("log")
            axes.set_xlim(left=-0.02)
            axes.set_xlabel(
                pick(
                    "shift of a layer's inputs per step, deviations", "层的输入每步的偏移（标准差）"
                )
            )
            axes.set_ylabel(pick("training loss at the end", "最后的训练损失"))
            axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
            footnote(
                figure,
                pick("A point: one seed, at the best rate.", "每个点：一个种子，用最好的学习率。"),
            )
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            "rates": dict(self.rates),
            "shifts": {kind: [*each] for kind, each in self.shifts.items()},
            "losses": {kind: [*each] for kind, each in self.losses.items()},
        }


def _names() -> dict[str, str]:
    return {
        "plain": pick("no normalization", "不用规范化"),
        "batch norm": pick("batch normalization", "批量规范化"),
        "noisy batch norm": pick("… and noise behind it", "批量规范化之后加噪声"),
    }


def measure_covariate_shift(
    *,
    rates: Sequence[float] = (0.1, 0.3),
    epochs: int = 6,
    seeds: Sequence[int] = (0, 1, 2),
) -> CovariateShift:
    """Train dense networks (three hidden layers of 32 ReLUs) on 1,000 digits and watch layers.

    Args:
        rates: Learning rates; each kind of network counts at its best.
        epochs: How often every image is seen, in batches of 50.
        seeds: Of first weights, order and noise.

    Raises:
        UsageError: There is no rate, or no seed.
    """
    if not rates or not seeds:
        raise UsageError("measure_covariate_shift needs at least one rate and one seed.")
    best, shifts, losses = {}, {}, {}
    for kind in KINDS:
        runs = {rate: [_train(kind, rate, epochs, seed) for seed in seeds] for rate in rates}
        best[kind] = min(rates, key=lambda rate: float(np.mean([run[1] for run in runs[rate]])))
        chosen = runs[best[kind]]
        shifts[kind] = tuple(run[0] for run in chosen)
        losses[kind] = tuple(run[1] for run in chosen)
    return CovariateShift(best, shifts, losses)


def _train(kind: str, rate: float, epochs: int, seed: int) -> tuple[float, float]:
    """Mean shift per step, and the loss at the end."""
    images, labels = digits_of("train")
    network = build_normalized_dense(kind, seed=seed)
    met: dict[nn.Module, tuple[Tensor, Tensor]] = {}
    before: dict[nn.Module, Tensor] = {}
    moved: list[float] = []

    def keep(layer: nn.Module, inputs: tuple[Tensor], output: Tensor) -> None:
        del output
        values = inputs[0].detach()
        met[layer] = values.mean(0), values.std(0)

    def compare(step: int) -> None:
        del step
        for layer, (mean, deviation) in met.items():
            if layer in before:
                moved.append(float(((mean - before[layer]).abs() / (deviation + TINY)).mean()))
            before[layer] = mean

    handles = [each.register_forward_hook(keep) for each in network if isinstance(each, nn.ReLU)]
    train_by_sgd(network, images, labels, rate=rate, epochs=epochs, seed=seed, watch=compare)
    for handle in handles:
        handle.remove()
    return float(np.mean(moved)), measure_loss(network, images, labels)
