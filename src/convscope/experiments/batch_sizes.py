"""Batch normalization helps if the batch is large enough: accuracy over the batch size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from convscope.errors import UsageError
from convscope.experiments.normalized_networks import build_normalized_dense
from convscope.experiments.paired_difference import PairedDifference, measure_difference
from convscope.experiments.plain_sgd import measure_accuracy, train_by_sgd
from convscope.experiments.sgd_course import digits_of
from convscope.look.canvas import drawing, footnote, headline
from convscope.look.language import pick
from convscope.look.numbers import percent
from convscope.look.palette import MARKERS, SERIES
from convscope.look.printed import Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KINDS = ("plain", "batch norm")
LAYERS = 2
EPOCHS = 5


@dataclass(frozen=True)
class BatchSizeComparison(Printed):
    """Test accuracy by batch size, with and without batch normalization, each at its best rate.

    Attributes:
        sizes: Batch sizes, rising.
        accuracies: By kind ("plain", "batch norm") and size: one for each seed.
        rates: By kind and size: the rate of the best mean accuracy on validation images.
    """

    sizes: tuple[int, ...]
    accuracies: Mapping[str, Mapping[int, tuple[float, ...]]]
    rates: Mapping[str, Mapping[int, float]]

    def difference(self, size: int) -> PairedDifference:
        """Accuracy with batch normalization minus that without, in percentage points."""
        one, other = ([100 * a for a in self.accuracies[k][size]] for k in KINDS[::-1])
        return measure_difference(one, other)

    def mean(self, kind: str, size: int) -> float:
        """Mean accuracy over the seeds."""
        return float(np.mean(self.accuracies[kind][size]))

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        names = _names()
        rows = [
            (names[kind], *(percent(self.mean(kind, size)) for size in self.sizes))
            for kind in KINDS
        ]
        rows += [
            (pick(f"rate, {names[kind]}", f"学习率，{names[kind]}"),
             *(f"{self.rates[kind][size]:g}" for size in self.sizes))
            for kind in KINDS
        ]  # fmt: skip
        title = pick("Test accuracy by batch size", "不同批量大小的测试准确率")
        yield TextTable(title, (pick("batch size", "批量大小"), *map(str, self.sizes)), rows)

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw the mean accuracy over the batch size, in a band from the worst to the best seed.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        names = _names()
        with drawing(path, 8.5, 4.3) as figure:
            headline(
                figure,
                pick(
                    "Batches of two ruin batch normalization, larger ones make it pay",
                    "批量为 2 时批量规范化有害，批量大了才有用",
                ),
            )
            axes = figure.subplots()
            for kind, colour, marker in zip(KINDS, SERIES, MARKERS, strict=False):
                by_size = [[100 * a for a in self.accuracies[kind][size]] for size in self.sizes]
                low, high = [min(each) for each in by_size], [max(each) for each in by_size]
                axes.fill_between(self.sizes, low, high, color=colour, alpha=0.2, lw=0)
                means = [float(np.mean(each)) for each in by_size]
                axes.plot(self.sizes, means, f"{marker}-", color=colour, label=names[kind])
            axes.set_xscale("log", base=2)
            axes.set_xticks(self.sizes, [str(each) for each in self.sizes])
            axes.set_xlabel(pick("images in a batch", "每批的图像数"))
            axes.set_ylabel(pick("test images right, %", "认对的测试图像（%）"))
            axes.legend(loc="lower right")
            seeds = len(self.accuracies[KINDS[0]][self.sizes[0]])
            footnote(
                figure,
                pick(
                    f"mean of {seeds} seeds, band from the worst to the best; each at its own best "
                    f"rate, {EPOCHS} epochs",
                    f"{seeds} 个种子的平均，色带从最差到最好；各用最好的学习率，{EPOCHS} 轮",
                ),
            )
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            "sizes": [*self.sizes],
            "accuracies": {
                kind: {str(size): [*each] for size, each in by_size.items()}
                for kind, by_size in self.accuracies.items()
            },
            "rates": {
                kind: {str(size): rate for size, rate in by_size.items()}
                for kind, by_size in self.rates.items()
            },
        }


def _names() -> dict[str, str]:
    return {
        "plain": pick("no normalization", "不用规范化"),
        "batch norm": pick("batch normalization", "批量规范化"),
    }


def train_at_batch_size(kind: str, size: int, rate: float, seed: int) -> dict[str, Any]:
    """Train a dense network (two hidden layers of 32 ReLUs) on 1,000 digits for 5 epochs.

    Args:
        kind: "plain" or "batch norm".
        size: Images of a step, at least 2.
        rate: Learning rate of plain SGD.
        seed: Of first weights and order.

    Returns:
        A row with what was given, "validation" (accuracy on 438 other training images) and
        "accuracy" (on 359 test images).

    Raises:
        UsageError: The batch has fewer than 2 images.
    """
    if size < 2:
        raise UsageError(f"size must be at least 2, for batch normalization; given {size}.")
    images, labels = digits_of("train", None)
    network = build_normalized_dense(kind, layers=LAYERS, seed=seed)
    train_by_sgd(
        network, images[:1000], labels[:1000], rate=rate, epochs=EPOCHS, batch_size=size, seed=seed
    )
    return {
        "kind": kind,
        "size": size,
        "rate": rate,
        "seed": seed,
        "validation": measure_accuracy(network, images[1000:], labels[1000:]),
        "accuracy": measure_accuracy(network, *digits_of("test", None)),
    }


def read_batch_sizes(rows: Iterable[Mapping[str, Any]]) -> BatchSizeComparison:
    """Put stored trainings beside one another, each kind and size at its best rate.

    Args:
        rows: As `train_at_batch_size` returns them, of all kinds, sizes, rates and seeds.

    Raises:
        UsageError: There are none.
    """
    kept = list(rows)
    if not kept:
        raise UsageError("read_batch_sizes needs at least one row.")
    sizes = tuple(sorted({row["size"] for row in kept}))
    accuracies: dict[str, dict[int, tuple[float, ...]]] = {kind: {} for kind in KINDS}
    rates: dict[str, dict[int, float]] = {kind: {} for kind in KINDS}
    for kind in KINDS:
        for size in sizes:
            mine = [row for row in kept if (row["kind"], row["size"]) == (kind, size)]
            best = _best_rate(mine)
            chosen = sorted((r for r in mine if r["rate"] == best), key=lambda r: r["seed"])
            rates[kind][size] = best
            accuracies[kind][size] = tuple(row["accuracy"] for row in chosen)
    return BatchSizeComparison(sizes, accuracies, rates)


def _best_rate(rows: Sequence[Mapping[str, Any]]) -> float:
    by_rate: dict[float, list[float]] = {}
    for row in rows:
        by_rate.setdefault(row["rate"], []).append(row["validation"])
    return max(by_rate, key=lambda rate: float(np.mean(by_rate[rate])))
