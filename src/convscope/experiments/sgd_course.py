"""A small training on the digits by a loop that is right, or has one of the usual faults.

Faults: the gradients are not cleared, so that every step goes along the sum of all gradients so
far; or softmax is applied before a cross-entropy that applies it as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter
from torch import Tensor, nn

from convscope.data.load import load
from convscope.errors import UsageError, unknown_name
from convscope.experiments.brief_training import on_one_thread
from convscope.look.canvas import drawing, headline
from convscope.look.language import pick
from convscope.look.numbers import number, percent
from convscope.look.palette import MARKERS, SERIES
from convscope.look.printed import Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LOOPS = ("right", "uncleared", "momentum 1", "softmax twice")
IMAGES = 1000
UNITS = 32
CLASSES = 10


def softmax_twice_floor(classes: int) -> float:
    """The least cross-entropy that can be reached if softmax is applied twice.

    Probabilities lie between 0 and 1. As logits they are at best 1 for the right class and 0 for
    the others, whose loss is log(e + classes − 1) − 1.

    Raises:
        UsageError: There are fewer than two classes.
    """
    if classes < 2:
        raise UsageError(f"classes must be at least 2; given {classes}.")
    return log(exp(1) + classes - 1) - 1


@dataclass(frozen=True)
class LoopCourse:
    """What a training came to.

    Attributes:
        losses: The loss on all training images after each epoch, as the loop computes it.
        accuracy: On test images, at the end.
        weights: All weights at the end, one after the other.
    """

    losses: tuple[float, ...]
    accuracy: float
    weights: np.ndarray


@dataclass(frozen=True)
class LoopComparison(Printed):
    """The same training by several loops. It prints as a table and draws curves.

    Attributes:
        courses: By loop: "right", "uncleared" (gradients are added up), "momentum 1" (gradients
            cleared, momentum 1) and "softmax twice".
    """

    courses: Mapping[str, LoopCourse]

    def loss(self, loop: str) -> float:
        """The loss after the last epoch."""
        return self.courses[loop].losses[-1]

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        names = _names()
        yield TextTable(
            pick("One training, several loops", "同一训练，几种循环"),
            ("", pick("loss at the end", "最后的损失"), pick("test accuracy", "测试准确率")),
            [
                (names[loop], number(course.losses[-1], 3), percent(course.accuracy, 0))
                for loop, course in self.courses.items()
            ],
        )

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw the loss epoch by epoch.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        names = _names()
        with drawing(path, 8.5, 4.2) as figure:
            headline(
                figure,
                pick(
                    "A forgotten line, a softmax too many: what the loss tells",
                    "少写一行，多写一个 softmax：损失会说明一切",
                ),
            )
            axes = figure.subplots()
            for (loop, course), colour, marker in zip(
                self.courses.items(), SERIES, MARKERS, strict=False
            ):
                style = ":" if loop == "momentum 1" else "-"
                epochs = range(1, len(course.losses) + 1)
                axes.plot(
                    epochs, course.losses, style, color=colour, marker=marker, markersize=5,
                    label=names[loop],
                )  # fmt: skip
            axes.set_yscale("log")
            axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axes.yaxis.set_major_formatter(FuncFormatter(lambda loss, _: number(loss)))
            axes.yaxis.set_minor_formatter(NullFormatter())
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.set_xlabel(pick("epoch", "轮"))
            axes.set_ylabel(pick("loss on the training images", "训练图像上的损失"))
            axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            loop: {"losses": [*course.losses], "accuracy": course.accuracy}
            for loop, course in self.courses.items()
        }


def _names() -> dict[str, str]:
    return {
        "right": pick("the right loop", "正确的循环"),
        "uncleared": pick("gradients not cleared", "不清零梯度"),
        "momentum 1": pick("cleared, momentum 1", "清零，动量为 1"),
        "softmax twice": pick("softmax twice", "两次 softmax"),
    }


def compare_loops(
    loops: Sequence[str] = LOOPS, *, epochs: int = 20, rate: float = 0.1, batch_size: int = 50,
    seed: int = 0,
) -> LoopComparison:  # fmt: skip
    """Train one hidden layer of 32 units on 1,000 digits by plain SGD, by a right loop and others.

    Args:
        loops: Some of "right", "uncleared", "momentum 1" and "softmax twice".
        epochs: How often every image is seen.
        rate: Learning rate.
        batch_size: Images of a step.
        seed: Of first weights and order.

    Raises:
        UsageError: There is no such loop.
    """
    for loop in loops:
        if loop not in LOOPS:
            raise unknown_name("loop", loop, LOOPS)
    with on_one_thread():
        courses = {loop: _train(loop, epochs, rate, batch_size, seed) for loop in loops}
    return LoopComparison(courses)


def digits_network(seed: int) -> nn.Sequential:
    """One hidden layer of 32 units with ReLU, from 64 pixels to 10 logits, with fresh weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Sequential(nn.Linear(64, UNITS), nn.ReLU(), nn.Linear(UNITS, CLASSES))


def digits_of(split: str, count: int | None = IMAGES) -> tuple[Tensor, Tensor]:
    """The first digits of a split as vectors (N, 64), values from 0 to 1, and their labels (N,)."""
    digits = load("digits", split)
    pixels = torch.from_numpy(np.array(digits.images[:count])).float().flatten(1) / 255
    return pixels, torch.from_numpy(np.array(digits.labels[:count])).long()


def _train(loop: str, epochs: int, rate: float, batch_size: int, seed: int) -> LoopCourse:
    images, labels = digits_of("train")
    network = digits_network(seed)
    momentum = 1.0 if loop == "momentum 1" else 0.0
    optimizer = torch.optim.SGD(network.parameters(), lr=rate, momentum=momentum)
    random = torch.Generator().manual_seed(seed)

    def loss_of(pixels: Tensor, targets: Tensor) -> Tensor:
        logits = network(pixels)
        return F.cross_entropy(
            torch.softmax(logits, 1) if loop == "softmax twice" else logits, targets
        )

    losses = []
    for _ in range(epochs):
        for batch in torch.randperm(len(images), generator=random).split(batch_size):  # type: ignore[no-untyped-call]
            loss = loss_of(images[batch], labels[batch])
            if loop != "uncleared":
                optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        with torch.no_grad():
            losses.append(float(loss_of(images, labels)))
    unseen, targets = digits_of("test", None)
    with torch.no_grad():
        accuracy = float((network(unseen).argmax(1) == targets).float().mean())
        weights = torch.cat([each.flatten() for each in network.parameters()]).numpy()
    return LoopCourse(tuple(losses), accuracy, weights)
