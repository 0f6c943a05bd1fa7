"""Networks with and without shortcuts, trained at several depths.

Source of the question: He, Zhang, Ren and Sun, "Deep residual learning for image recognition",
2015, figures 1 and 6.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from convscope.data.splits import split_stratified
from convscope.errors import UsageError
from convscope.experiments.brief_training import train_briefly
from convscope.experiments.depth_network import build_depth_network, kind_name
from convscope.experiments.paired_difference import PairedDifference, measure_difference
from convscope.experiments.short_training import HELD_OUT, all_digits, measure_accuracy
from convscope.look.language import pick
from convscope.look.numbers import number, percent
from convscope.look.printed import Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EPOCHS = 10
MOMENTUM = 0.9
RATE = 0.05


@dataclass(frozen=True)
class DepthRun:
    """One network, trained from one seed.

    Attributes:
        kind: As `build_depth_network` takes it: "plain", "residual" or "projected".
        layers: Its depth.
        rate: The learning rate at the beginning.
        seed: Of the images held out, of the first weights and of the order.
        losses: Mean training loss of each epoch.
        accuracy: Share of the digits held out that it gets right at the end.
    """

    kind: str
    layers: int
    rate: float
    seed: int
    losses: tuple[float, ...]
    accuracy: float


@dataclass(frozen=True)
class DepthTrainings(Printed):
    """Networks of several depths and kinds, side by side.

    Attributes:
        runs: One for each network and seed.
    """

    runs: tuple[DepthRun, ...]

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of networks, in their order."""
        return tuple(dict.fromkeys(run.kind for run in self.runs))

    @property
    def depths(self) -> tuple[int, ...]:
        """The numbers of layers, in their order."""
        return tuple(dict.fromkeys(run.layers for run in self.runs))

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds, in their order."""
        return tuple(dict.fromkeys(run.seed for run in self.runs))

    @property
    def networks(self) -> tuple[tuple[str, int], ...]:
        """Kind and depth of each network, in their order."""
        return tuple(dict.fromkeys((run.kind, run.layers) for run in self.runs))

    def select(self, *kinds: str) -> DepthTrainings:
        """The runs of these kinds only.

        Args:
            kinds: "plain", "residual" or "projected".
        """
        return DepthTrainings(tuple(run for run in self.runs if run.kind in kinds))

    def of(self, kind: str, layers: int) -> tuple[DepthRun, ...]:
        """The runs of one kind and depth, by seed.

        Args:
            kind: "plain", "residual" or "projected".
            layers: Its depth.

        Raises:
            UsageError: There are none.
        """
        found = [run for run in self.runs if (run.kind, run.layers) == (kind, layers)]
        if not found:
            there = ", ".join(sorted({f"{run.kind} {run.layers}" for run in self.runs}))
            raise UsageError(f"No run of a {kind} network of {layers} layers; there are {there}.")
        return tuple(sorted(found, key=lambda run: run.seed))

    def loss(self, kind: str, layers: int) -> float:
        """Training loss of the last epoch, the median over the seeds."""
        return statistics.median(run.losses[-1] for run in self.of(kind, layers))

    def accuracy(self, kind: str, layers: int) -> float:
        """Accuracy on digits held out at the end, the mean over the seeds."""
        return statistics.fmean(run.accuracy for run in self.of(kind, layers))

    def loss_difference(self, first: tuple[str, int], second: tuple[str, int]) -> PairedDifference:
        """Last training loss of one kind and depth less that of another, seed by seed."""
        one, other = ([run.losses[-1] for run in self.of(*each)] for each in (first, second))
        return measure_difference(one, other)

    def accuracy_difference(
        self, first: tuple[str, int], second: tuple[str, int]
    ) -> PairedDifference:
        """Accuracy of one kind and depth less that of another, in percentage points."""
        one, other = ([100 * run.accuracy for run in self.of(*each)] for each in (first, second))
        return measure_difference(one, other)

    def shown(self) -> Iterator[Part]:
        """A row for each kind and depth."""
        epochs = len(self.runs[0].losses)
        headings = (
            pick("network", "网络"), pick("layers", "层数"), pick("rate", "学习率"),
            pick("training loss", "训练损失"), pick("held out", "留出数据"),
        )  # fmt: skip
        rows = [
            (kind_name(kind), str(layers), number(self.of(kind, layers)[0].rate),
             number(self.loss(kind, layers), 2), percent(self.accuracy(kind, layers)))
            for kind, layers in self.networks
        ]  # fmt: skip
        seeds = len(self.seeds)
        yield TextTable(
            pick(f"After {epochs} epochs; seeds: {seeds}", f"{epochs} 轮之后，{seeds} 个种子"),
            headings,
            rows,
        )

    def figure(self, path: str | Path | None = None) -> Figure:
        """The training loss over the epochs, a panel for each kind, a line for each depth.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        from convscope.experiments.depth_figures import depth_trainings_figure

        return depth_trainings_figure(self, path)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {"runs": [asdict(run) | {"losses": list(run.losses)} for run in self.runs]}


def compare_depths(
    layers: Sequence[int] = (8, 20, 32),
    kinds: Sequence[str] = ("plain", "residual"),
    *,
    seeds: Sequence[int] = (0,),
    epochs: int = EPOCHS,
    rates: Mapping[tuple[str, int], float] | float = RATE,
) -> DepthTrainings:
    """Train networks of `build_depth_network` on half of the digits, by SGD with momentum 0.9.

    Of a seed, all get the same images in the same order, 64 a step.

    Args:
        layers: Depths, as 6n + 2.
        kinds: "plain", "residual" or "projected".
        seeds: Each decides the images, the first weights and the order.
        epochs: How often every image is seen.
        rates: Learning rate at the beginning, or by kind and depth; it falls linearly to 0.

    Raises:
        UsageError: There is nothing to train, or no such network.
    """
    if not (layers and kinds and seeds):
        raise UsageError("compare_depths needs at least one depth, one kind and one seed.")
    runs = []
    for seed in seeds:
        for kind in kinds:
            for depth in layers:
                rate = rates if isinstance(rates, float) else rates[kind, depth]
                runs.append(_train(kind, depth, rate, seed, epochs))
    return DepthTrainings(tuple(runs))


def _train(kind: str, layers: int, rate: float, seed: int, epochs: int) -> DepthRun:
    images, labels = all_digits()
    learn, held_out = map(torch.from_numpy, split_stratified(labels.numpy(), HELD_OUT, seed))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = build_depth_network(layers, kind)
    losses = train_briefly(
        network, images[learn], labels[learn],
        epochs=epochs, rate=rate, seed=seed, momentum=MOMENTUM,
    )  # fmt: skip
    accuracy = measure_accuracy(network, images[held_out], labels[held_out])
    return DepthRun(kind, layers, rate, seed, losses, accuracy)


def read_depths(rows: Sequence[Mapping[str, Any]], experiment: str) -> DepthTrainings:
    """Trainings that were stored.

    Args:
        rows: Rows with "experiment" and what `DepthRun` holds, as `lessons.stored` reads them.
        experiment: Which rows to take.

    Raises:
        UsageError: There are none of that experiment.
    """
    names = DepthRun.__dataclass_fields__
    found = [
        DepthRun(**{name: row[name] for name in names} | {"losses": tuple(row["losses"])})
        for row in rows
        if row["experiment"] == experiment
    ]
    if not found:
        raise UsageError(f"No rows of the experiment {experiment!r}.")
    return DepthTrainings(tuple(found))
