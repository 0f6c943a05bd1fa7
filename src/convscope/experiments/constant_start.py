"""Weights that all begin alike: do the units of a layer stay alike, and what tells them apart?

In exact arithmetic two units that begin alike get the same gradient at every step. So they stay
alike under gradient descent, and the layer is worth one unit. Whatever treats them differently
ends that: dropout, random weights behind them, or a difference the size of a rounding error, which
grows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from convscope.data.load import load
from convscope.errors import UsageError
from convscope.experiments.brief_training import on_one_thread
from convscope.look.canvas import drawing, footnote, headline
from convscope.look.language import pick
from convscope.look.numbers import number, percent
from convscope.look.palette import MARKERS, SERIES
from convscope.look.printed import Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

UNITS = 32
START = 0.1
NUDGE = 1e-7  # about the rounding error of a float32 near 1
RATE = 0.3
BATCH = 50
IMAGES = 1000
SMALLEST = 1e-9  # of the figure: a difference of 0 has no logarithm


@dataclass(frozen=True)
class StartCourse:
    """What one training came to.

    Attributes:
        differences: After each epoch, how far the weights of the hidden units (of the classes, in a
            model without hidden layer) differ at most: largest minus smallest, over the units.
        moved: How far any weight got from where it began.
        accuracy: On test images, at the end.
    """

    differences: tuple[float, ...]
    moved: float
    accuracy: float


@dataclass(frozen=True)
class ConstantStarts(Printed):
    """Trainings from alike and from random weights. It prints as a table and draws itself.

    Attributes:
        courses: By case: "zero" (all weights 0), "constant" (all 0.1), "nudged" (all 0.1, and one
            weight 1e-7 more), "dropout" (all 0.1, with dropout), "random", "one unit" (random, with
            a single hidden unit), "linear zero" and "linear random" (no hidden layer).
    """

    courses: Mapping[str, StartCourse]

    def accuracy(self, case: str) -> float:
        """Share of the test images that are right at the end."""
        return self.courses[case].accuracy

    def difference(self, case: str) -> float:
        """How far the units differ at the end."""
        return self.courses[case].differences[-1]

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        names = _names()
        yield TextTable(
            pick("What becomes of the units", "各单元的结局"),
            (
                pick("beginning", "起点"),
                pick("units differ by", "单元之差"),
                pick("test accuracy", "测试准确率"),
            ),
            [
                (names[case], number(course.differences[-1], 2), percent(course.accuracy, 0))
                for case, course in self.courses.items()
            ],
        )

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw how far the hidden units differ, epoch by epoch.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        drawn = [
            case for case in ("constant", "nudged", "dropout", "random") if case in self.courses
        ]
        names = _names()
        with drawing(path, 9.0, 4.4) as figure:
            headline(
                figure,
                pick(
                    "Units that begin alike stay alike, until the smallest thing tells them apart",
                    "起点相同的单元始终相同，直到有一点极小的差别把它们分开",
                ),
            )
            axes = figure.subplots()
            for case, colour, marker in zip(drawn, SERIES, MARKERS, strict=False):
                course = self.courses[case]
                heights = [max(value, SMALLEST) for value in course.differences]
                epochs = range(1, len(heights) + 1)
                axes.plot(
                    epochs, heights, color=colour, marker=marker, markersize=4,
                    label=f"{names[case]}: {percent(course.accuracy, 0)}",
                )  # fmt: skip
            axes.set_yscale("log")
            axes.set_xlabel(pick("epoch", "轮"))
            axes.set_ylabel(pick("largest difference between units", "单元之间的最大差"))
            axes.legend(
                title=pick("beginning: test accuracy", "起点：测试准确率"),
                loc="center left",
                bbox_to_anchor=(1.0, 0.5),
            )
            footnote(
                figure,
                pick(
                    f"{UNITS} hidden units; a difference of 0 is drawn at {SMALLEST:g}",
                    f"{UNITS} 个隐藏单元；差为 0 时画在 {SMALLEST:g} 处",
                ),
            )
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            case: {
                "differences": [*course.differences],
                "moved": course.moved,
                "accuracy": course.accuracy,
            }
            for case, course in self.courses.items()
        }


def _names() -> dict[str, str]:
    return {
        "zero": pick("all 0", "全为 0"),
        "constant": pick("all 0.1", "全为 0.1"),
        "nudged": pick("all 0.1, one weight 1e-7 more", "全为 0.1，一个权重多 1e-7"),
        "dropout": pick("all 0.1, with dropout", "全为 0.1，用暂退法"),
        "random": pick("random", "随机"),
        "one unit": pick("random, one hidden unit", "随机，一个隐藏单元"),
        "linear zero": pick("no hidden layer, all 0", "无隐藏层，全为 0"),
        "linear random": pick("no hidden layer, random", "无隐藏层，随机"),
    }


def compare_constant_starts(*, epochs: int = 40, seed: int = 0) -> ConstantStarts:
    """Train a network of 32 hidden tanh units on the digits from alike and from random weights.

    Plain SGD at rate 0.3, batches of 50 of the first 1,000 training images, biases begin at 0.

    Args:
        epochs: How often every image is seen.
        seed: Of random weights, dropout and the order of the images.

    Raises:
        UsageError: There is no epoch.
    """
    if epochs < 1:
        raise UsageError(f"epochs must be at least 1; given {epochs}.")
    images, labels = _digits("train", IMAGES)
    unseen = _digits("test", None)
    courses = {}
    with on_one_thread(), torch.random.fork_rng(devices=[]):
        for case in _names():
            torch.manual_seed(seed)
            network = _network(case)
            courses[case] = _train(network, images, labels, unseen, epochs, seed)
    return ConstantStarts(courses)


@torch.no_grad()
def _network(case: str) -> nn.Sequential:
    if case.startswith("linear"):
        network = nn.Sequential(nn.Linear(64, 10))
    else:
        units = 1 if case == "one unit" else UNITS
        dropout = nn.Dropout(0.5 if case == "dropout" else 0.0)
        network = nn.Sequential(nn.Linear(64, units), nn.Tanh(), dropout, nn.Linear(units, 10))
    alike = {"zero": 0.0, "linear zero": 0.0, "constant": START, "nudged": START, "dropout": START}
    for parameter in network.parameters():
        if parameter.ndim == 1:
            parameter.zero_()
        elif case in alike:
            parameter.fill_(alike[case])
    if case == "nudged":
        next(network.parameters())[0, 20] += NUDGE  # a pixel of the middle
    return network


def _train(
    network: nn.Sequential,
    images: Tensor,
    labels: Tensor,
    unseen: tuple[Tensor, Tensor],
    epochs: int,
    seed: int,
) -> StartCourse:
    weights = [parameter for parameter in network.parameters() if parameter.ndim == 2]
    before = [weight.detach().clone() for weight in weights]
    optimizer = torch.optim.SGD(network.parameters(), lr=RATE)
    random = torch.Generator().manual_seed(seed)
    differences = []
    network.train()
    for _ in range(epochs):
        for batch in torch.randperm(len(images), generator=random).split(BATCH):  # type: ignore[no-untyped-call]
            loss = F.cross_entropy(network(images[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        first = weights[0].detach()
        differences.append(float((first.amax(0) - first.amin(0)).max()))
    network.eval()
    with torch.no_grad():
        accuracy = float((network(unseen[0]).argmax(1) == unseen[1]).float().mean())
        moved = max(
            float((weight - old).abs().max()) for weight, old in zip(weights, before, strict=True)
        )
    return StartCourse(tuple(differences), moved, accuracy)


def _digits(split: str, count: int | None) -> tuple[Tensor, Tensor]:
    digits = load("digits", split)
    pixels = torch.from_numpy(np.array(digits.images[:count])).float().flatten(1) / 255
    return pixels, torch.from_numpy(np.array(digits.labels[:count])).long()
