"""SGD, momentum and Adam, each at many learning rates and judged at its own best one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F

from convscope.errors import unknown_name
from convscope.experiments.brief_training import on_one_thread
from convscope.experiments.sgd_course import digits_network, digits_of
from convscope.look.canvas import drawing, footnote, headline
from convscope.look.language import Words, pick
from convscope.look.numbers import number
from convscope.look.palette import FAINT, MARKERS, SERIES
from convscope.look.printed import Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OPTIMIZERS: Mapping[str, Callable[..., torch.optim.Optimizer]] = {
    "sgd": lambda weights, rate: torch.optim.SGD(weights, lr=rate),
    "momentum": lambda weights, rate: torch.optim.SGD(weights, lr=rate, momentum=0.9),
    "adam": lambda weights, rate: torch.optim.Adam(weights, lr=rate),
}
NAMES = {
    "sgd": Words("SGD", "SGD"),
    "momentum": Words("SGD, momentum 0.9", "SGD，动量 0.9"),
    "adam": Words("Adam", "Adam"),
}
BATCH = 50
UNTRAINED = np.log(10)
HIGHEST = 10.0  # of the figure; a diverged loss is drawn here


@dataclass(frozen=True)
class OptimizerRace(Printed):
    """The loss after some epochs, by optimizer and rate. It prints as a table and draws itself.

    Attributes:
        rates: The learning rates, rising.
        losses: By optimizer, for each rate, the loss on the training images of each seed.
        epochs: After how many epochs.
    """

    rates: tuple[float, ...]
    losses: Mapping[str, tuple[tuple[float, ...], ...]]
    epochs: int

    def best(self, name: str) -> tuple[float, tuple[float, ...]]:
        """The rate with the least mean loss, and the loss of each seed there."""
        place = int(np.argmin([self._mean(losses) for losses in self.losses[name]]))
        return self.rates[place], self.losses[name][place]

    def is_better(self, first: str, second: str) -> bool | None:
        """Whether, each at its best rate, every seed of one has a lower loss than all of the other.

        None where they overlap.
        """
        one, other = self.best(first)[1], self.best(second)[1]
        if max(one) < min(other):
            return True
        return False if min(one) > max(other) else None

    def loss(self, name: str, rate: float) -> float:
        """Mean loss over the seeds at one rate."""
        return self._mean(self.losses[name][self.rates.index(rate)])

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        rows = [
            (str(NAMES[name]), *(number(self._mean(losses), 2) for losses in by_rate))
            for name, by_rate in self.losses.items()
        ]
        title = pick(
            f"Loss on the training images after {self.epochs} epochs",
            f"{self.epochs} 轮之后训练图像上的损失",
        )
        yield TextTable(title, (pick("rate", "学习率"), *map(number, self.rates)), rows)

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw the loss over the rate.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        with drawing(path, 8.5, 4.4) as figure:
            headline(
                figure,
                pick("Each optimizer has its own learning rates", "每种优化器各有合适的学习率"),
            )
            axes = figure.subplots()
            for (name, by_rate), colour, marker in zip(
                self.losses.items(), SERIES, MARKERS, strict=False
            ):
                means = [min(self._mean(losses), HIGHEST) for losses in by_rate]
                axes.plot(self.rates, means, color=colour, marker=marker, label=str(NAMES[name]))
            axes.axhline(UNTRAINED, color=FAINT, linestyle="--", label=pick("untrained", "未训练"))
            axes.set(xscale="log", yscale="log")
            axes.set_xlabel(pick("learning rate", "学习率"))
            axes.set_ylabel(pick("loss on the training images", "训练图像上的损失"))
            axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
            footnote(
                figure,
                pick(
                    f"mean over seeds, after {self.epochs} epochs; above {HIGHEST:g} drawn there",
                    f"各种子的平均，{self.epochs} 轮之后；超过 {HIGHEST:g} 的画在 {HIGHEST:g} 处",
                ),
            )
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            "rates": [*self.rates],
            "losses": {name: [[*each] for each in rows] for name, rows in self.losses.items()},
            "epochs": self.epochs,
        }

    def _mean(self, losses: Sequence[float]) -> float:
        return float(np.mean(losses))


def race_optimizers(
    names: Sequence[str] = ("sgd", "momentum", "adam"),
    *,
    rates: Sequence[float] = (0.0001, 0.001, 0.01, 0.1, 1.0, 10.0),
    epochs: int = 8,
    seeds: Sequence[int] = (0, 1),
    batch_size: int = BATCH,
) -> OptimizerRace:
    """Train one hidden layer of 32 units on 1,000 digits with each optimizer at each rate.

    Args:
        names: Of "sgd", "momentum" and "adam".
        rates: Learning rates, rising.
        epochs: How often every image is seen.
        seeds: Of first weights and order; the same for all optimizers.
        batch_size: Images of a step.

    Raises:
        UsageError: There is no such optimizer.
    """
    for name in names:
        if name not in OPTIMIZERS:
            raise unknown_name("optimizer", name, OPTIMIZERS)
    with on_one_thread():
        losses = {
            name: tuple(
                tuple(_final_loss(name, rate, epochs, seed, batch_size) for seed in seeds)
                for rate in rates
            )
            for name in names
        }
    return OptimizerRace(tuple(rates), losses, epochs)


def _final_loss(name: str, rate: float, epochs: int, seed: int, batch_size: int) -> float:
    images, labels = digits_of("train")
    network = digits_network(seed)
    optimizer = OPTIMIZERS[name](network.parameters(), rate)
    random = torch.Generator().manual_seed(seed)
    for _ in range(epochs):
        for batch in torch.randperm(len(images), generator=random).split(batch_size):  # type: ignore[no-untyped-call]
            loss = F.cross_entropy(network(images[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    with torch.no_grad():
        final = float(F.cross_entropy(network(images), labels))
    return final if np.isfinite(final) else 1e9
