"""What dropout does to the gap between training and test images."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import nn

from convscope.data.load import Data
from convscope.evaluation.logits import compute_batch_logits
from convscope.experiments.paired_difference import PairedDifference, measure_difference
from convscope.experiments.training_curves import measure_curves
from convscope.look.canvas import drawing, footnote, headline
from convscope.look.language import pick
from convscope.look.numbers import percent
from convscope.look.palette import GRID, MARKERS, TEST, TRAINING
from convscope.look.printed import Part, Printed, TextTable
from convscope.runs.recipe import Recipe
from convscope.runtime.execution import Execution
from convscope.training.job import prepare

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class AccuracyGap(NamedTuple):
    """Accuracies at the end of a training, both with nothing dropped.

    Attributes:
        train: Share of the training images that are right.
        held_out: Share of the test images (or the validation images, where the recipe has some).
        met: Share of the training images that were right in the last epoch as they were met, with
            units dropped; what most programs print as training accuracy.
    """

    train: float
    held_out: float
    met: float


def measure_gap(build: Callable[[], nn.Module], data: Data, recipe: Recipe) -> AccuracyGap:
    """Train a network, then ask it about training images and held-out images alike.

    Args:
        build: Builds the network.
        data: As for `cs.train`.
        recipe: As for `cs.train`; without augmentation, which would change the training images.

    Raises:
        UsageError: Network, data and recipe don't fit.
    """
    curves = measure_curves(build, data, recipe)
    job = prepare(curves.network, data, recipe.replace(initialization="default"))
    batches = job.training_batches(Execution(torch.device("cpu"), "float32", recipe.threads))
    trained = compute_batch_logits(curves.network, batches, precision="float32").accuracy
    return AccuracyGap(trained, curves.last_accuracy, curves.train_accuracy[-1])


@dataclass(frozen=True)
class DropoutGaps(Printed):
    """Trainings with and without dropout, from the same seeds.

    Attributes:
        without: At the end of each training without dropout.
        dropped: With it, in the same order of seeds.
        probability: Of dropping a unit.
    """

    without: tuple[AccuracyGap, ...]
    dropped: tuple[AccuracyGap, ...]
    probability: float

    @property
    def gap(self) -> PairedDifference:
        """The gap (training less test) with dropout, less that without, in percentage points."""
        return measure_difference(*(_points(gaps, _gap) for gaps in (self.dropped, self.without)))

    @property
    def held_out(self) -> PairedDifference:
        """Test accuracy with dropout less that without, in percentage points."""
        return measure_difference(
            *(_points(gaps, lambda gap: gap.held_out) for gaps in (self.dropped, self.without))
        )

    def mean(self, dropped: bool, of: str) -> float:
        """Mean over the seeds of "train", "held_out", "met" or "gap", from 0 to 1."""
        gaps = self.dropped if dropped else self.without
        values = [_gap(gap) if of == "gap" else float(getattr(gap, of)) for gap in gaps]
        return statistics.fmean(values)

    def shown(self) -> Iterator[Part]:
        """A row for each kind of training."""
        headings = [
            pick("dropout", "暂退"),
            pick("training images", "训练图像"),
            pick("as they were met", "训练途中所见"),
            pick("test images", "测试图像"),
            pick("gap, points", "差距（百分点）"),
        ]
        rows = []
        for name, dropped in ((pick("none", "无"), False), (f"{self.probability:g}", True)):
            shares = (self.mean(dropped, of) for of in ("train", "met", "held_out"))
            rows.append([name, *map(percent, shares), f"{100 * self.mean(dropped, 'gap'):.1f}"])
        count = len(self.without)
        title = pick(
            f"Mean accuracy at the end, {count} seeds", f"训练结束时的平均准确率，{count} 个种子"
        )
        yield TextTable(title, headings, rows)

    def figure(self, path: str | Path | None = None) -> Figure:
        """Training and test accuracy of every training, and the gap between them.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        return dropout_figure(self, path)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            "probability": self.probability,
            "without": [gap._asdict() for gap in self.without],
            "dropped": [gap._asdict() for gap in self.dropped],
        }


def read_dropout_gaps(rows: Iterable[Mapping[str, Any]]) -> DropoutGaps:
    """Trainings that were stored, with one probability of dropout and with 0.

    Args:
        rows: With "dropout", "seed" and the attributes of `AccuracyGap`.
    """
    ordered = sorted(rows, key=lambda row: row["seed"])
    without, dropped = (
        tuple(
            AccuracyGap(row["train"], row["held_out"], row["met"])
            for row in ordered
            if (row["dropout"] > 0) is taken
        )
        for taken in (False, True)
    )
    return DropoutGaps(without, dropped, max(row["dropout"] for row in ordered))


def dropout_figure(gaps: DropoutGaps, path: str | Path | None = None) -> Figure:
    """Draw a line from test to training accuracy for every training, without and with dropout.

    Args:
        gaps: The trainings.
        path: The PNG to write; None only gives the figure.
    """
    before, after = (100 * gaps.mean(dropped, "gap") for dropped in (False, True))
    with drawing(path, 8.5, 4.6) as figure:
        headline(
            figure,
            pick(
                f"Dropout: the gap goes from {before:.1f} to {after:.1f} points",
                f"暂退法：差距从 {before:.1f} 变为 {after:.1f} 个百分点",
            ),
        )
        left, right = figure.subplots(1, 2, sharex=True, sharey=True)
        panels = [
            (left, gaps.without, pick("without dropout", "不用暂退法")),
            (
                right,
                gaps.dropped,
                pick(f"dropout {gaps.probability:g}", f"暂退概率 {gaps.probability:g}"),
            ),
        ]
        for axes, each, title in panels:
            for row, gap in enumerate(each):
                ends = 100 * gap.held_out, 100 * gap.train
                axes.plot(ends, [row, row], color=GRID, linewidth=4, zorder=1)
                axes.plot(ends[0], row, MARKERS[0], color=TEST, markersize=7)
                axes.plot(ends[1], row, MARKERS[1], color=TRAINING, markersize=7)
            axes.set_title(title, fontsize=11, loc="left")
            axes.set_yticks([])
            axes.grid(visible=False, axis="y")
            axes.set_xlabel(pick("right, %", "正确率，%"))
        left.set_ylabel(pick("one line: one seed", "每条线是一个种子"))
        footnote(
            figure,
            pick(
                "Circles: test images. Squares: training images, with nothing dropped.",
                "圆点：测试图像；方块：训练图像（评估时不暂退）。",
            ),
        )
    return figure


def _gap(gap: AccuracyGap) -> float:
    return gap.train - gap.held_out


def _points(gaps: Iterable[AccuracyGap], of: Callable[[AccuracyGap], float]) -> list[float]:
    return [100 * of(gap) for gap in gaps]
