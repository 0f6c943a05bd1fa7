"""Small networks trained for seconds on the built-in digits, to see what one choice changes.

    trained = compare_short_trainings({"zeros": padded, "none": unpadded}, seeds=5)
    print(trained.difference("zeros", "none"))

Of a seed, all variants get the same images to learn from (half of the 1,797, drawn anew for each
seed), in the same order. Optimizer: Adam, its rate falling linearly to 0.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from convscope.data.load import load
from convscope.data.splits import split_stratified
from convscope.errors import UsageError, unknown_name
from convscope.experiments.brief_training import on_one_thread, train_briefly
from convscope.experiments.paired_difference import PairedDifference, measure_difference
from convscope.experiments.variant_names import name_variant
from convscope.look.canvas import drawing, footnote, headline
from convscope.look.language import pick
from convscope.look.numbers import counted, percent
from convscope.look.palette import FAINT, MARKERS, SERIES
from convscope.look.printed import Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EPOCHS = 12
HELD_OUT = 0.5  # share of the digits that a network is tested on


@dataclass(frozen=True)
class ShortTrainings(Printed):
    """What each variant reached with each seed. It prints as a table and draws itself.

    Attributes:
        accuracies: By variant, the share of held-out digits that were right, one for each seed.
        seconds: By variant, the time of all its trainings together; empty where they were stored.
        seeds: The seeds, in the order of the accuracies.
        epochs: How often every image was seen.
    """

    accuracies: Mapping[str, Sequence[float]]
    seconds: Mapping[str, float]
    seeds: Sequence[int]
    epochs: int

    def difference(self, first: str, second: str) -> PairedDifference:
        """Accuracy of one variant minus that of another, in percentage points."""
        one, other = ([100 * share for share in self.accuracies[v]] for v in (first, second))
        return measure_difference(one, other)

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        seeds = counted(len(self.seeds), "seed")
        title = pick(
            f"Accuracy on digits held out, {seeds}, {self.epochs} epochs",
            f"留出的手写数字上的准确率，{len(self.seeds)} 个种子，{self.epochs} 轮",
        )
        headings = ("", pick("mean", "平均"), pick("lowest", "最低"), pick("highest", "最高"))
        rows = [
            (
                name_variant(name),
                percent(float(np.mean(v)), 2),
                percent(min(v), 2),
                percent(max(v), 2),
            )
            for name, v in self.accuracies.items()
        ]
        yield TextTable(title, headings, rows)

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw every run as a point, and the mean of each variant.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        return accuracies_figure(self.accuracies, path)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            "accuracies": {name: [*map(float, v)] for name, v in self.accuracies.items()},
            "seconds": dict(self.seconds),
            "seeds": [*self.seeds],
            "epochs": self.epochs,
        }


def compare_short_trainings(
    builders: Mapping[str, Callable[[], nn.Module]],
    *,
    seeds: int | Sequence[int] = 3,
    epochs: int = EPOCHS,
    rate: float = 0.003,
    batch_size: int = 64,
) -> ShortTrainings:
    """Train every variant with every seed on half of the digits, and test it on the other half.

    Args:
        builders: By name of the variant, what makes its network for images (N, 1, 8, 8), with
            10 logits. It is called with PyTorch's generator at the seed.
        seeds: How many, counted from 0, or which.
        epochs: How often every image is seen.
        rate: Adam's rate at the beginning; it falls linearly to 0.
        batch_size: Images of a step.

    Raises:
        UsageError: There is nothing to train, or no seed.
    """
    chosen = range(seeds) if isinstance(seeds, int) else seeds
    if not builders or not len(chosen):
        raise UsageError(
            "compare_short_trainings needs at least one variant and one seed; "
            f"got {len(builders)} and {len(chosen)}."
        )
    images, labels = all_digits()
    accuracies: dict[str, list[float]] = {name: [] for name in builders}
    seconds = dict.fromkeys(builders, 0.0)
    with torch.random.fork_rng():
        for seed in chosen:
            learn, held_out = map(
                torch.from_numpy, split_stratified(labels.numpy(), HELD_OUT, seed)
            )
            for name, build in builders.items():
                torch.manual_seed(seed)
                network = build()
                begun = time.perf_counter()
                train_briefly(
                    network, images[learn], labels[learn],
                    epochs=epochs, rate=rate, batch_size=batch_size, seed=seed,
                )  # fmt: skip
                seconds[name] += time.perf_counter() - begun
                accuracies[name].append(
                    measure_accuracy(network, images[held_out], labels[held_out])
                )
    return ShortTrainings(accuracies, seconds, tuple(chosen), epochs)


def read_trainings(rows: Sequence[Mapping[str, Any]], experiment: str) -> ShortTrainings:
    """Trainings that were stored, as they came out of `compare_short_trainings`.

    Args:
        rows: Rows with "experiment", "variant", "seed" and "accuracy", as `lessons.stored` reads
            them.
        experiment: Which rows to take.

    Raises:
        UsageError: There are none of that experiment.
    """
    taken = [row for row in rows if row["experiment"] == experiment]
    if not taken:
        raise unknown_name("experiment", experiment, {row["experiment"] for row in rows})
    accuracies: dict[str, list[float]] = {}
    for row in taken:
        accuracies.setdefault(row["variant"], []).append(row["accuracy"])
    seeds = tuple(dict.fromkeys(row["seed"] for row in taken))
    return ShortTrainings(accuracies, {}, seeds, EPOCHS)


def accuracies_figure(
    accuracies: Mapping[str, Sequence[float]], path: str | Path | None = None, title: str = ""
) -> Figure:
    """Draw every run as a point, one row for each variant, and a line at its mean.

    Args:
        accuracies: By variant, shares of 1, at most seven variants.
        path: The PNG to write; None only gives the figure.
        title: The figure's message; "": which variants are best and worst on average.
    """
    names = [*accuracies]
    with drawing(path, 8.5, 1.7 + 0.55 * len(names)) as figure:
        headline(
            figure,
            title or _best_and_worst({name: float(np.mean(accuracies[name])) for name in names}),
        )
        axes = figure.subplots()
        random = np.random.default_rng(0)
        for row, (name, colour, marker) in enumerate(zip(names, SERIES, MARKERS, strict=False)):
            values = 100 * np.asarray(accuracies[name])
            spread = row + random.uniform(-0.18, 0.18, len(values))
            axes.plot(values, spread, marker, color=colour, markersize=5, alpha=0.45, mew=0)
            axes.plot([values.mean()] * 2, [row - 0.33, row + 0.33], color=colour, linewidth=2.5)
            axes.text(
                1.01, row, percent(float(values.mean()) / 100, 2), va="center", color=colour,
                transform=axes.get_yaxis_transform(),
            )  # fmt: skip
        axes.set_yticks(range(len(names)), [name_variant(name) for name in names])
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel(pick("right, % of the digits held out", "认对的比例（%，留出的数字）"))
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_color(FAINT)
        runs = len(next(iter(accuracies.values())))
        footnote(
            figure,
            pick(
                f"A point: one training; {runs} seeds each. Line and figure: their mean.",
                f"每个点是一次训练，每种做法 {runs} 个种子；竖线与数字为平均值。",
            ),
        )
    return figure


def _best_and_worst(means: Mapping[str, float]) -> str:
    order = sorted(means, key=means.__getitem__)
    worst, best = (
        f"{name_variant(name)} {percent(means[name], 1)}" for name in (order[0], order[-1])
    )
    if len(order) == 1:
        return pick(f"Right on average: {best}", f"平均准确率：{best}")
    return pick(
        f"Right on average: {best} (best) to {worst} (worst)",
        f"平均准确率：{best}（最高）至 {worst}（最低）",
    )


def all_digits() -> tuple[Tensor, Tensor]:
    """All 1,797 digits as float32 (N, 1, 8, 8) of mean 0 and deviation 1, and their labels."""
    parts = [load("digits", split) for split in ("train", "test")]
    pixels = np.concatenate([part.images for part in parts]).astype(np.float32)
    labels = np.concatenate([part.labels for part in parts])
    return torch.from_numpy((pixels - pixels.mean()) / pixels.std()), torch.from_numpy(labels)


def measure_accuracy(network: nn.Module, images: Tensor, labels: Tensor) -> float:
    """The share of images whose largest logit is that of their label.

    Args:
        network: In evaluation mode, from (N, 1, height, width) to logits (N, classes).
        images: float32, as the network takes them.
        labels: int64 (N,), class numbers.
    """
    with on_one_thread(), torch.no_grad():
        return float((network(images).argmax(1) == labels).float().mean())
