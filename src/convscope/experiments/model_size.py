"""Training and test error over the size of a network, and over the number of examples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from convscope.errors import UsageError
from convscope.experiments.brief_training import on_one_thread
from convscope.experiments.few_examples import draw_examples, unseen_digits
from convscope.experiments.plain_sgd import measure_accuracy
from convscope.look.canvas import drawing, footnote, headline
from convscope.look.language import pick
from convscope.look.numbers import percent
from convscope.look.palette import MARKERS, TEST, TRAINING
from convscope.look.printed import Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STEPS, BATCH, RATE = 500, 50, 0.01
WIDTHS = (1, 4, 16, 64, 256, 1024)
COUNTS = (20, 50, 100, 200, 500, 1000)


@dataclass(frozen=True)
class ErrorCurves(Printed):
    """Errors of networks that differ in one number.

    Attributes:
        varied: "width" (units of the hidden layer) or "examples".
        values: That number, rising.
        train: For each value, by seed: the share of the examples that are wrong at the end.
        test: For each value, by seed: the same of digits that were never shown.
        wrong: Share of the examples that had wrong labels.
    """

    varied: str
    values: tuple[int, ...]
    train: tuple[tuple[float, ...], ...]
    test: tuple[tuple[float, ...], ...]
    wrong: float

    def train_error(self, value: int) -> float:
        """Mean over the seeds."""
        return float(np.mean(self.train[self.values.index(value)]))

    def test_error(self, value: int) -> float:
        """Mean over the seeds."""
        return float(np.mean(self.test[self.values.index(value)]))

    def gap(self, value: int) -> float:
        """Test error minus training error, mean over the seeds."""
        return self.test_error(value) - self.train_error(value)

    @property
    def best(self) -> int:
        """The value of the lowest mean test error."""
        return min(self.values, key=self.test_error)

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        rows = [
            (name, *(percent(float(np.mean(each))) for each in errors))
            for name, errors in (
                (pick("training error", "训练误差"), self.train),
                (pick("test error", "测试误差"), self.test),
            )
        ]
        yield TextTable(self._title(), (self._axis(), *map(str, self.values)), rows)

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw both errors, a line at the mean in a band from the best to the worst seed.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        with drawing(path, 8.5, 4.2) as figure:
            headline(figure, self._message())
            axes = figure.subplots()
            lines = (
                (self.train, TRAINING, pick("training error", "训练误差")),
                (self.test, TEST, pick("test error", "测试误差")),
            )
            for (errors, colour, name), marker in zip(lines, MARKERS, strict=False):
                by_value = [[100 * each for each in seeds] for seeds in errors]
                low, high = [min(each) for each in by_value], [max(each) for each in by_value]
                axes.fill_between(self.values, low, high, color=colour, alpha=0.2, lw=0)
                means = [float(np.mean(each)) for each in by_value]
                axes.plot(self.values, means, f"{marker}-", color=colour, label=name)
            axes.set_xscale("log")
            axes.set_xticks(self.values, [str(each) for each in self.values])
            axes.minorticks_off()
            axes.set_ylim(bottom=-2)
            axes.set_xlabel(self._axis())
            axes.set_ylabel(pick("wrong, %", "错误率（%）"))
            axes.legend()
            seeds = len(self.train[0])
            footnote(
                figure,
                pick(
                    f"{self._title()}. Line: mean of {seeds} seeds, band: from best to worst.",
                    f"{self._title()}。线：{seeds} 个种子的平均，色带：从最好到最差。",
                ),
            )
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            "varied": self.varied,
            "values": [*self.values],
            "train": [[*each] for each in self.train],
            "test": [[*each] for each in self.test],
            "wrong": self.wrong,
        }

    def _axis(self) -> str:
        if self.varied == "examples":
            return pick("examples", "样本数")
        return pick("hidden units", "隐藏单元数")

    def _title(self) -> str:
        if not self.wrong:
            return pick("All labels right", "标签全部正确")
        share = percent(self.wrong, 0)
        return pick(f"{share} of the labels wrong", f"{share} 的标签是错的")

    def _message(self) -> str:
        if self.varied == "examples":
            return pick(
                "Each is learned by heart; more examples close the gap",
                "样本都背熟了；样本越多，差距越小",
            )
        if self.wrong:
            return pick(
                "Wrong labels, learned by heart: the test error pays",
                "连错误的标签也背下来：代价在测试误差上",
            )
        return pick("Too small is bad; too large does no harm here", "太小不行；太大在这里并无害处")


def measure_over_width(
    widths: Sequence[int] = WIDTHS,
    *,
    examples: int = 200,
    wrong: float = 0.0,
    seeds: Sequence[int] = (0, 1),
) -> ErrorCurves:
    """Train one hidden layer of several widths on the same few digits, 500 steps of Adam.

    Args:
        widths: Hidden units, rising.
        examples: Digits to learn from, up to 1,000.
        wrong: Share of them with a wrong label.
        seeds: Of examples, first weights and order.

    Raises:
        UsageError: A width is below 1, there is no seed, or the examples aren't there.
    """
    if not widths or min(widths) < 1 or not seeds:
        raise UsageError(
            f"measure_over_width takes widths of at least 1 and a seed; given {tuple(widths)}."
        )
    pairs = [[_errors(width, examples, wrong, seed) for seed in seeds] for width in widths]
    return _curves("width", widths, pairs, wrong)


def measure_over_examples(
    counts: Sequence[int] = COUNTS, *, width: int = 64, seeds: Sequence[int] = (0, 1)
) -> ErrorCurves:
    """Train one hidden layer on more and more digits, 500 steps of Adam each.

    Args:
        counts: Examples, rising, up to 1,000.
        width: Hidden units.
        seeds: Of examples, first weights and order.

    Raises:
        UsageError: There is no count or no seed, or the examples aren't there.
    """
    if not counts or not seeds:
        raise UsageError("measure_over_examples takes at least one count and one seed.")
    pairs = [[_errors(width, count, 0.0, seed) for seed in seeds] for count in counts]
    return _curves("examples", counts, pairs, 0.0)


def _curves(
    varied: str,
    values: Sequence[int],
    pairs: list[list[tuple[float, float]]],
    wrong: float,
) -> ErrorCurves:
    train, test = (tuple(tuple(pair[i] for pair in seeds) for seeds in pairs) for i in (0, 1))
    return ErrorCurves(varied, tuple(values), train, test, wrong)


def _errors(width: int, examples: int, wrong: float, seed: int) -> tuple[float, float]:
    """Training and test error at the end."""
    images, labels = draw_examples(examples, wrong=wrong, seed=seed)
    network = train_hidden_layer(images, labels, width=width, seed=seed)
    return (
        1 - measure_accuracy(network, images, labels),
        1 - measure_accuracy(network, *unseen_digits()),
    )


def train_hidden_layer(
    images: Tensor,
    labels: Tensor,
    *,
    width: int = 64,
    steps: int = STEPS,
    decay: float = 0.0,
    dropout: float = 0.0,
    seed: int = 0,
) -> nn.Sequential:
    """Train 64 pixels → hidden ReLUs → 10 logits by Adam at rate 0.01, batches of 50.

    Args:
        images: float32 (N, 64).
        labels: int64 (N,).
        width: Hidden units.
        steps: How many batches, each drawn with replacement.
        decay: Weight decay, as an L2 penalty on all parameters.
        dropout: Probability of dropout behind the hidden layer.
        seed: Of first weights, order, and what is dropped.

    Returns:
        The network, in prediction mode.
    """
    with torch.random.fork_rng(devices=[]), on_one_thread():
        torch.manual_seed(seed)
        network = nn.Sequential(
            nn.Linear(64, width), nn.ReLU(), nn.Dropout(dropout), nn.Linear(width, 10)
        )
        optimizer = torch.optim.Adam(network.parameters(), lr=RATE, weight_decay=decay)
        order = torch.Generator().manual_seed(seed)
        for _ in range(steps):
            batch = torch.randint(len(images), (BATCH,), generator=order)
            loss = F.cross_entropy(network(images[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    return network.eval()
