"""What weight decay and dropout do to a network that has learned its examples by heart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from convscope.errors import UsageError, unknown_name
from convscope.experiments.few_examples import draw_examples, unseen_digits
from convscope.experiments.model_size import train_hidden_layer
from convscope.experiments.paired_difference import PairedDifference, measure_difference
from convscope.experiments.plain_sgd import measure_accuracy, measure_loss
from convscope.look.canvas import drawing, footnote, headline
from convscope.look.language import pick
from convscope.look.numbers import number, percent
from convscope.look.palette import SERIES, TEST, TRAINING
from convscope.look.printed import Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SETTINGS: dict[str, dict[str, float]] = {
    "none": {},
    "weight decay": {"decay": 0.01},
    "dropout": {"dropout": 0.5},
}
UNITS = 128
STEPS = 600


@dataclass(frozen=True)
class RegularizerComparison(Printed):
    """Networks with and without a regularizer: training and test, a number for each seed.

    Attributes:
        examples: How many they learned from.
        figures: By setting ("none", "weight decay", "dropout") and figure ("train_loss", "loss",
            "train_accuracy", "accuracy", "norm"): one for each seed. The figures without "train_"
            are those of test images; "norm" is that of all weights.
    """

    examples: int
    figures: Mapping[str, Mapping[str, tuple[float, ...]]]

    def mean(self, setting: str, figure: str) -> float:
        """Mean of a figure over the seeds."""
        return float(np.mean(self.figures[setting][figure]))

    def gap(self, setting: str) -> tuple[float, ...]:
        """Test loss minus training loss, by seed."""
        by = self.figures[setting]
        return tuple(a - b for a, b in zip(by["loss"], by["train_loss"], strict=True))

    def gap_difference(self, setting: str) -> PairedDifference:
        """The gap with a regularizer minus that without, in nats."""
        return measure_difference(self.gap(setting), self.gap("none"))

    def accuracy_difference(self, setting: str) -> PairedDifference:
        """Test accuracy with a regularizer minus that without, in percentage points."""
        one, other = ([100 * a for a in self.figures[s]["accuracy"]] for s in (setting, "none"))
        return measure_difference(one, other)

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        names = _names()
        yield TextTable(
            pick(
                f"Learned from {self.examples} examples, mean of {len(self.gap('none'))} seeds",
                f"从 {self.examples} 个样本学习，{len(self.gap('none'))} 个种子的平均",
            ),
            (
                "",
                pick("training loss", "训练损失"),
                pick("test loss", "测试损失"),
                pick("gap", "差距"),
                pick("test accuracy", "测试准确率"),
                pick("norm of weights", "权重的范数"),
            ),
            [
                (
                    names[setting],
                    number(self.mean(setting, "train_loss"), 2),
                    number(self.mean(setting, "loss"), 3),
                    number(float(np.mean(self.gap(setting))), 3),
                    percent(self.mean(setting, "accuracy")),
                    number(self.mean(setting, "norm"), 3),
                )
                for setting in self.figures
            ],
        )

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw the losses and the accuracy of each setting.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        names = _names()
        with drawing(path, 9.0, 3.8) as figure:
            headline(
                figure,
                pick(
                    "A smaller gap is not yet a better network",
                    "差距小，不等于网络更好",
                ),
            )
            gaps, right = figure.subplots(1, 2)
            places = np.arange(len(self.figures))
            for part, colour, shift in (("train_loss", TRAINING, -0.2), ("loss", TEST, 0.2)):
                heights = [self.mean(setting, part) for setting in self.figures]
                label = pick("training", "训练") if part == "train_loss" else pick("test", "测试")
                gaps.bar(places + shift, heights, 0.38, color=colour, label=label)
            gaps.set_title(pick("Loss", "损失"))
            gaps.legend()
            for place, setting in enumerate(self.figures):
                values = 100 * np.asarray(self.figures[setting]["accuracy"])
                spread = np.random.default_rng(0).uniform(-0.15, 0.15, len(values))
                right.plot(place + spread, values, "o", color=SERIES[0], alpha=0.4, mew=0)
                right.plot([place - 0.3, place + 0.3], [values.mean()] * 2, color=SERIES[0], lw=2.5)
            right.set_title(pick("Test accuracy, %", "测试准确率（%）"))
            for axes in (gaps, right):
                axes.set_xticks(places, [names[setting] for setting in self.figures])
                axes.grid(visible=False, axis="x")
                axes.set_axisbelow(True)
            footnote(
                figure,
                pick(
                    f"{self.examples} examples; right: a point for each seed, a line at the mean",
                    f"{self.examples} 个样本；右图：每个点是一个种子，横线为平均",
                ),
            )
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        figures = {
            setting: {name: [*each] for name, each in by.items()}
            for setting, by in self.figures.items()
        }
        return {"examples": self.examples, "figures": figures}


def _names() -> dict[str, str]:
    return {
        "none": pick("none", "无"),
        "weight decay": pick("weight decay", "权重衰减"),
        "dropout": pick("dropout", "暂退法"),
    }


def train_regularized(setting: str, examples: int, seed: int) -> dict[str, Any]:
    """Train one hidden layer of 128 ReLUs on few digits, 600 steps of Adam, with a regularizer.

    Args:
        setting: "none", "weight decay" (0.01, as a penalty on all parameters) or "dropout"
            (probability 0.5 behind the hidden layer).
        examples: How many digits it learns from, up to 1,000.
        seed: Of the examples, their order, the first weights and what is dropped.

    Returns:
        A row with what was given, losses and accuracies in prediction mode, and the weights' norm.

    Raises:
        UsageError: There is no such setting.
    """
    if setting not in SETTINGS:
        raise unknown_name("regularizer", setting, SETTINGS)
    images, labels = draw_examples(examples, seed=seed)
    network = train_hidden_layer(
        images, labels, width=UNITS, steps=STEPS, seed=seed, **SETTINGS[setting]
    )
    unseen, truth = unseen_digits()
    with torch.no_grad():
        norm = float(torch.cat([each.flatten() for each in network.parameters()]).norm())
    return {
        "setting": setting,
        "examples": examples,
        "seed": seed,
        "train_loss": measure_loss(network, images, labels),
        "loss": measure_loss(network, unseen, truth),
        "train_accuracy": measure_accuracy(network, images, labels),
        "accuracy": measure_accuracy(network, unseen, truth),
        "norm": norm,
    }


def read_regularizers(rows: Iterable[Mapping[str, Any]], examples: int) -> RegularizerComparison:
    """Put rows of `train_regularized` beside one another.

    Args:
        rows: Of every setting for the same seeds.
        examples: Which rows to take.

    Raises:
        UsageError: There are none with so many examples.
    """
    mine = sorted((r for r in rows if r["examples"] == examples), key=lambda row: row["seed"])
    if not mine:
        raise UsageError(f"There are no rows with {examples} examples.")
    names = ("train_loss", "loss", "train_accuracy", "accuracy", "norm")
    figures = {
        setting: {
            name: tuple(row[name] for row in mine if row["setting"] == setting) for name in names
        }
        for setting in SETTINGS
    }
    return RegularizerComparison(examples, figures)
