"""One network, many ways to start it: which learning rates and initializations learn at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from convscope.data.load import Data
from convscope.errors import UsageError
from convscope.experiments.training_curves import measure_curves
from convscope.look.language import pick
from convscope.look.numbers import percent
from convscope.look.printed import Paragraph, Part, Printed, TextTable
from convscope.networks.network import Network
from convscope.runs.recipe import Recipe

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class RateMapCell:
    """One training.

    Attributes:
        initialization: Rule by which the weights were drawn.
        rate: The learning rate.
        accuracy: Share of the held-out images that are right at the end.
    """

    initialization: str
    rate: float
    accuracy: float


@dataclass(frozen=True)
class RateMap(Printed):
    """Trainings that differ in learning rate and initialization only.

    Attributes:
        name: What was trained, in a word or two.
        cells: The trainings.
        steps: Steps that each took.
        chance: Accuracy of always naming the most frequent class.
    """

    name: str
    cells: tuple[RateMapCell, ...]
    steps: int
    chance: float

    @property
    def initializations(self) -> list[str]:
        """The rules, in the order in which they were tried."""
        return list(dict.fromkeys(cell.initialization for cell in self.cells))

    @property
    def rates(self) -> list[float]:
        """The learning rates, rising."""
        return sorted({cell.rate for cell in self.cells})

    @property
    def learned(self) -> tuple[RateMapCell, ...]:
        """The trainings that have left guessing behind: at least twice as often right."""
        return tuple(cell for cell in self.cells if cell.accuracy >= 2 * self.chance)

    @property
    def best(self) -> RateMapCell:
        """The training of the highest accuracy."""
        return max(self.cells, key=lambda cell: cell.accuracy)

    def accuracy(self, initialization: str, rate: float) -> float:
        """The accuracy of one training.

        Raises:
            UsageError: It isn't on the map.
        """
        for cell in self.cells:
            if (cell.initialization, cell.rate) == (initialization, rate):
                return cell.accuracy
        raise UsageError(
            f"The map has no training with initialization {initialization!r} and rate {rate}. It "
            f"has {', '.join(self.initializations)} and {', '.join(map(str, self.rates))}."
        )

    def grid(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Accuracies (initializations, rates)."""
        return np.array(
            [[self.accuracy(row, rate) for rate in self.rates] for row in self.initializations]
        )

    def summary(self) -> str:
        """What the map says, in one line."""
        return pick(
            f"{self.name}: {len(self.learned)} of {len(self.cells)} starts learn in "
            f"{self.steps:,} steps",
            f"{self.name}：{self.steps:,} 步之内，{len(self.cells)} 种起点中有 "
            f"{len(self.learned)} 种学会了",
        )

    def shown(self) -> Iterator[Part]:
        """The accuracies as a table."""
        yield Paragraph(self.summary(), "bold")
        headings = [
            pick("initialization", "初始化"),
            *(pick(f"rate {rate:g}", f"学习率 {rate:g}") for rate in self.rates),
        ]
        rows = [
            [name, *(percent(value) for value in row)]
            for name, row in zip(self.initializations, self.grid(), strict=True)
        ]
        yield TextTable("", headings, rows)

    def figure(self, path: str | Path | None = None) -> Figure:
        """The map: a square for each training, with its accuracy.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        from convscope.experiments.rate_map_figure import draw_rate_maps

        return draw_rate_maps([self], path)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return asdict(self) | {"cells": [asdict(cell) for cell in self.cells]}


def map_rates(
    build: Callable[[], Network],
    data: Data,
    recipe: Recipe,
    *,
    rates: Sequence[float],
    initializations: Sequence[str],
    name: str,
) -> RateMap:
    """Train a network once for each learning rate and initialization.

    Args:
        build: Builds the network.
        data: As for `cs.train`.
        recipe: All that the trainings share, the seed as well.
        rates: Learning rates.
        initializations: Rules of `networks.initialization`, such as "xavier".
        name: What to call the network.

    Raises:
        UsageError: There is no such rule, or something doesn't fit.
    """
    cells, steps, classes = [], 0, 1
    for initialization in initializations:
        for rate in rates:
            changed = recipe.replace(initialization=initialization, learning_rate=rate)
            curves = measure_curves(build, data, changed)
            cells.append(RateMapCell(initialization, rate, curves.accuracy[-1]))
            steps, classes = curves.total_steps, curves.classes
    return RateMap(name, tuple(cells), steps, chance=1 / classes)


def rate_map_of_rows(rows: Iterable[Any], name: str) -> RateMap:
    """A map from rows that were kept.

    Args:
        rows: With "network", "initialization", "rate", "accuracy", "steps" and "chance".
        name: The network whose rows are taken.

    Raises:
        UsageError: There are none of it.
    """
    mine = [row for row in rows if row["network"] == name]
    if not mine:
        raise UsageError(f"There are no rows of the network {name!r}.")
    cells = tuple(RateMapCell(r["initialization"], r["rate"], r["accuracy"]) for r in mine)
    return RateMap(name, cells, mine[0]["steps"], mine[0]["chance"])
