"""Does batch normalization learn faster: at one rate for all, and each way at its own best rate?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from convscope.errors import UsageError
from convscope.experiments.normalized_networks import build_normalized_dense
from convscope.experiments.plain_sgd import measure_loss, train_by_sgd
from convscope.experiments.sgd_course import digits_of
from convscope.look.canvas import drawing, footnote, headline
from convscope.look.language import pick
from convscope.look.numbers import number
from convscope.look.palette import FAINT, MARKERS, SERIES
from convscope.look.printed import Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

UNTRAINED = float(np.log(10))
HIGHEST = 4.0  # losses above are drawn here


@dataclass(frozen=True)
class NormalizationRace(Printed):
    """Losses on the training images by kind of network and learning rate.

    Attributes:
        rates: Learning rates, rising.
        losses: By kind ("plain", "kaiming", "batch norm"), for each rate the loss of each seed
            after the last epoch, in prediction mode.
        epochs: How often every image was seen.
    """

    rates: tuple[float, ...]
    losses: Mapping[str, tuple[tuple[float, ...], ...]]
    epochs: int

    def at(self, kind: str, rate: float) -> tuple[float, ...]:
        """The loss of each seed at a rate."""
        return self.losses[kind][self.rates.index(rate)]

    def best(self, kind: str) -> tuple[float, tuple[float, ...]]:
        """The rate of the lowest mean loss, and the loss of each seed there."""
        place = int(np.argmin([np.mean(each) for each in self.losses[kind]]))
        return self.rates[place], self.losses[kind][place]

    def learning_rates(self, kind: str, limit: float = 0.5) -> tuple[float, ...]:
        """The rates at which every seed ends below a loss."""
        pairs = zip(self.rates, self.losses[kind], strict=True)
        return tuple(rate for rate, losses in pairs if max(losses) < limit)

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        names = _names()
        yield TextTable(
            pick(
                f"Loss on the training images after {self.epochs} epochs",
                f"{self.epochs} 轮之后训练图像上的损失",
            ),
            (pick("rate", "学习率"), *(number(rate) for rate in self.rates)),
            [
                (names[kind], *(number(float(np.mean(each)), 2) for each in losses))
                for kind, losses in self.losses.items()
            ],
        )

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw the loss over the rate.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        names = _names()
        with drawing(path, 9.0, 4.3) as figure:
            headline(
                figure,
                pick(
                    "With batch normalization more rates work, and the best is better",
                    "有了批量规范化，可用的学习率更多，最好的也更好",
                ),
            )
            axes = figure.subplots()
            for (kind, losses), colour, marker in zip(
                self.losses.items(), SERIES, MARKERS, strict=False
            ):
                means = [min(float(np.mean(each)), HIGHEST) for each in losses]
                axes.plot(self.rates, means, f"{marker}-", color=colour, label=names[kind])
            axes.axhline(UNTRAINED, color=FAINT, linestyle="--", label=pick("guessing", "瞎猜"))
            axes.set(xscale="log", yscale="log")
            axes.set_xlabel(pick("learning rate", "学习率"))
            axes.set_ylabel(pick("loss on the training images", "训练图像上的损失"))
            axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
            seeds = len(next(iter(self.losses.values()))[0])
            footnote(
                figure,
                pick(
                    f"mean of {seeds} seeds, {self.epochs} epochs; above {HIGHEST:g} drawn there",
                    f"{seeds} 个种子的平均，{self.epochs} 轮；超过 {HIGHEST:g} 的画在该处",
                ),
            )
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        losses = {
            kind: [[each if np.isfinite(each) else None for each in row] for row in rows]
            for kind, rows in self.losses.items()
        }
        return {"rates": [*self.rates], "losses": losses, "epochs": self.epochs}


def _names() -> dict[str, str]:
    return {
        "plain": pick("no normalization", "不用规范化"),
        "kaiming": pick("no normalization, Kaiming start", "不用规范化，Kaiming 初始化"),
        "batch norm": pick("batch normalization", "批量规范化"),
    }


def race_normalization(
    kinds: Sequence[str] = ("plain", "kaiming", "batch norm"),
    *,
    rates: Sequence[float] = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0),
    epochs: int = 6,
    seeds: Sequence[int] = (0, 1, 2),
    layers: int = 3,
) -> NormalizationRace:
    """Train dense networks on 1,000 digits by plain SGD, of each kind at each rate.

    Args:
        kinds: Of "plain", "kaiming" and "batch norm" (`build_normalized_dense`).
        rates: Learning rates, rising.
        epochs: How often every image is seen, in batches of 50.
        seeds: Of first weights and order; the same for all.
        layers: Hidden layers of 32 ReLUs.

    Raises:
        UsageError: There is no such kind, or nothing to train.
    """
    if not kinds or not rates or not seeds:
        raise UsageError("race_normalization needs at least one kind, one rate and one seed.")
    images, labels = digits_of("train")

    def train(kind: str, rate: float, seed: int) -> float:
        network = build_normalized_dense(kind, layers=layers, seed=seed)
        train_by_sgd(network, images, labels, rate=rate, epochs=epochs, seed=seed)
        return measure_loss(network, images, labels)

    losses = {
        kind: tuple(tuple(train(kind, rate, seed) for seed in seeds) for rate in rates)
        for kind in kinds
    }
    return NormalizationRace(tuple(rates), losses, epochs)
