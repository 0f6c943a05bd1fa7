"""The same network with different activations, each at many rates: which one learns soonest.

A comparison at one rate is a comparison of that rate. Each activation is given its own best one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from convscope.data.load import load
from convscope.errors import unknown_name
from convscope.experiments.brief_training import on_one_thread
from convscope.look.canvas import drawing, footnote, headline
from convscope.look.language import pick
from convscope.look.numbers import number, percent
from convscope.look.palette import MARKERS, SERIES
from convscope.look.printed import Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ACTIVATIONS = {"sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "relu": nn.ReLU}
NAMES = {"sigmoid": "sigmoid", "tanh": "tanh", "relu": "ReLU"}
HIDDEN = 32
BATCH = 50
GOAL = 0.95  # share of the training images that are right


@dataclass(frozen=True)
class ActivationRace(Printed):
    """Epochs to the goal, by activation and rate. It prints as a table and draws itself.

    Attributes:
        rates: The learning rates, rising.
        epochs: By activation, for each rate, the epochs that each seed took; None where it did
            not get there.
        goal: Accuracy on the training images at which it stops.
        most: Epochs after which it is given up.
    """

    rates: tuple[float, ...]
    epochs: Mapping[str, tuple[tuple[int | None, ...], ...]]
    goal: float
    most: int

    def best(self, name: str) -> tuple[float, tuple[int | None, ...]]:
        """The rate at which an activation is fastest in the mean, and the epochs it takes there.

        A seed that does not get there counts twice the epochs after which it is given up.
        """
        means = [self._mean(taken) for taken in self.epochs[name]]
        place = int(np.argmin(means))
        return self.rates[place], self.epochs[name][place]

    def mean(self, name: str) -> float:
        """Mean epochs of an activation at its best rate."""
        return self._mean(self.best(name)[1])

    def is_faster(self, first: str, second: str) -> bool | None:
        """Whether, each at its best rate, every seed of one is faster than every seed of the other.

        None where they overlap.
        """
        one, other = (self._counted(self.best(name)[1]) for name in (first, second))
        if max(one) < min(other):
            return True
        return False if min(one) > max(other) else None

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        title = pick(
            f"Epochs to {percent(self.goal, 0)} of the training images",
            f"训练图像准确率达到 {percent(self.goal, 0)} 所需的轮数",
        )
        rows = [
            (NAMES[name], *(self._cell(taken) for taken in by_rate))
            for name, by_rate in self.epochs.items()
        ]
        yield TextTable(title, (pick("rate", "学习率"), *map(number, self.rates)), rows)

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw the epochs over the rate, a point for each seed.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        order = sorted(self.epochs, key=self.mean)
        with drawing(path, 8.0, 4.2) as figure:
            headline(
                figure,
                pick(
                    f"At its own best rate, {NAMES[order[0]]} is fastest, "
                    f"{NAMES[order[-1]]} slowest",
                    f"各用自己最好的学习率时，{NAMES[order[0]]} 最快，{NAMES[order[-1]]} 最慢",
                ),
            )
            axes = figure.subplots()
            for (name, by_rate), colour, marker in zip(
                self.epochs.items(), SERIES, MARKERS, strict=False
            ):
                means = [self._mean(taken) for taken in by_rate]
                line = [mean if mean <= self.most else np.nan for mean in means]
                axes.plot(self.rates, line, color=colour, marker=marker, label=NAMES[name])
            axes.set_xscale("log")
            axes.set_xticks(self.rates, [*map(number, self.rates)])
            axes.set_xticks([], minor=True)
            axes.set_ylim(0, self.most)
            axes.set_xlabel(pick("learning rate", "学习率"))
            axes.set_ylabel(pick("epochs to the goal", "达到目标的轮数"))
            axes.legend()
            footnote(
                figure,
                pick(
                    "mean over seeds; no point where the goal wasn't reached",
                    "各种子的平均；没有点表示未达到目标",
                ),
            )
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            "rates": [*self.rates],
            "epochs": {name: [[*taken] for taken in rows] for name, rows in self.epochs.items()},
            "goal": self.goal,
            "most": self.most,
        }

    def _counted(self, taken: Sequence[int | None]) -> list[int]:
        return [2 * self.most if epochs is None else epochs for epochs in taken]

    def _mean(self, taken: Sequence[int | None]) -> float:
        return float(np.mean(self._counted(taken)))

    def _cell(self, taken: Sequence[int | None]) -> str:
        texts = ["–" if epochs is None else f"{epochs}" for epochs in taken]
        return "–" if {*texts} == {"–"} else ", ".join(texts)


def race_activations(
    names: Sequence[str] = ("sigmoid", "tanh", "relu"),
    *,
    rates: Sequence[float] = (0.03, 0.1, 0.3, 1.0, 3.0),
    seeds: Sequence[int] = (0, 1),
    most: int = 30,
) -> ActivationRace:
    """Train a network of two hidden layers of 32 units on the digits with each activation and rate.

    Xavier's initialization, plain SGD, batches of 50 of the first 1,000 training images; all
    activations have the same first weights and order of images.

    Args:
        names: Of "sigmoid", "tanh" and "relu".
        rates: Learning rates.
        seeds: Of first weights and order.
        most: Epochs after which it is given up.

    Raises:
        UsageError: There is no such activation.
    """
    for name in names:
        if name not in ACTIVATIONS:
            raise unknown_name("activation", name, ACTIVATIONS)
    digits = load("digits", "train")
    images = torch.from_numpy(np.array(digits.images[:1000])).float().flatten(1) / 255
    labels = torch.from_numpy(np.array(digits.labels[:1000])).long()
    with on_one_thread():
        epochs = {
            name: tuple(
                tuple(_epochs_to_goal(name, rate, seed, images, labels, most) for seed in seeds)
                for rate in rates
            )
            for name in names
        }
    return ActivationRace(tuple(rates), epochs, GOAL, most)


def _epochs_to_goal(
    name: str, rate: float, seed: int, images: Tensor, labels: Tensor, most: int
) -> int | None:
    torch.manual_seed(seed)
    layers = [nn.Linear(64, HIDDEN), nn.Linear(HIDDEN, HIDDEN), nn.Linear(HIDDEN, 10)]
    for layer in layers:
        nn.init.xavier_uniform_(layer.weight)
        nn.init.zeros_(layer.bias)
    make = ACTIVATIONS[name]
    network = nn.Sequential(layers[0], make(), layers[1], make(), layers[2])
    optimizer = torch.optim.SGD(network.parameters(), lr=rate)
    random = torch.Generator().manual_seed(seed)
    for epoch in range(1, most + 1):
        order = torch.randperm(len(images), generator=random)
        for batch in order.split(BATCH):  # type: ignore[no-untyped-call]
            loss = F.cross_entropy(network(images[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        with torch.no_grad():
            right = float((network(images).argmax(1) == labels).float().mean())
        if right >= GOAL:
            return epoch
    return None
