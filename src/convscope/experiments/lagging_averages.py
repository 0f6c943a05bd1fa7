"""Why the test accuracy of a network with batch normalization jumps: averages that lag behind."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from convscope.errors import UsageError
from convscope.experiments.normalized_networks import (
    batch_norm_layers,
    build_normalized_convolutions,
)
from convscope.experiments.plain_sgd import measure_accuracy, train_by_sgd
from convscope.experiments.sgd_course import digits_of
from convscope.look.canvas import drawing, footnote, headline
from convscope.look.language import pick
from convscope.look.numbers import percent
from convscope.look.palette import SERIES
from convscope.look.printed import Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BATCH = 128
IMAGES = 1408  # 11 full batches
FIRST = 66  # the first evaluation: until then accuracy moves because of what is learned


@dataclass(frozen=True)
class LaggingAverages(Printed):
    """Test accuracy while a network learns, evaluated in two ways at the same steps.

    Attributes:
        rate: The learning rate.
        steps: At which the network was evaluated.
        moving: By seed, the accuracy with the moving averages that training has left.
        restated: By seed, the accuracy with averages taken anew over all training images.
    """

    rate: float
    steps: tuple[int, ...]
    moving: tuple[tuple[float, ...], ...]
    restated: tuple[tuple[float, ...], ...]

    def jumps(self, kind: str) -> tuple[float, ...]:
        """By seed, how far the accuracy jumps from one evaluation to the next, on average.

        Args:
            kind: "moving" or "restated".
        """
        return tuple(float(np.abs(np.diff(each)).mean()) for each in getattr(self, kind))

    def worst(self, kind: str) -> float:
        """The largest fall from one evaluation to the next.

        Args:
            kind: "moving" or "restated".
        """
        return max(float(-np.diff(each).min()) for each in getattr(self, kind))

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        names = _names()
        yield TextTable(
            pick(
                f"Test accuracy over {self.steps[-1]} steps, rate {self.rate:g}",
                f"{self.steps[-1]} 步中的测试准确率，学习率 {self.rate:g}",
            ),
            (
                "",
                pick("mean jump, points", "平均跳动（百分点）"),
                pick("largest fall, points", "最大跌幅（百分点）"),
                pick("at the end", "最后"),
            ),
            [
                (names[kind],
                 f"{100 * np.mean(self.jumps(kind)):.1f}", f"{100 * self.worst(kind):.1f}",
                 percent(float(np.mean([each[-1] for each in getattr(self, kind)]))))
                for kind in names
            ],
        )  # fmt: skip

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw both curves of the first seed.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        with drawing(path, 8.5, 4.2) as figure:
            headline(
                figure,
                pick(
                    "A good part of the jumps comes from averages that lag behind",
                    "跳动有相当一部分来自落后的移动平均",
                ),
            )
            axes = figure.subplots()
            for (kind, name), colour in zip(_names().items(), SERIES[1::-1], strict=True):
                values = [100 * each for each in getattr(self, kind)[0]]
                style = "o-" if kind == "moving" else "s--"
                axes.plot(self.steps, values, style, color=colour, markersize=4, label=name)
            axes.set_ylim(0, 102)
            axes.set_xlabel(pick("steps", "步数"))
            axes.set_ylabel(pick("test images right, %", "认对的测试图像（%）"))
            axes.legend(loc="lower right")
            footnote(
                figure,
                pick(
                    f"The same weights, evaluated twice; rate {self.rate:g}.",
                    f"同样的权重，评估两次；学习率 {self.rate:g}。",
                ),
            )
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            "rate": self.rate,
            "steps": [*self.steps],
            "moving": [[*each] for each in self.moving],
            "restated": [[*each] for each in self.restated],
        }


def _names() -> dict[str, str]:
    return {
        "moving": pick("moving averages", "移动平均"),
        "restated": pick("averages taken anew", "重新求得的平均"),
    }


def follow_lag(
    rate: float = 0.3, *, epochs: int = 12, every: int = 3, seeds: Sequence[int] = (0, 1, 2)
) -> LaggingAverages:
    """Train convolutions with batch normalization on the digits and evaluate them on the way.

    Args:
        rate: The learning rate, of plain SGD in batches of 128.
        epochs: How often each of 1,408 training images is seen.
        every: Steps from one evaluation to the next; the first is after 66 steps.
        seeds: Of first weights and order.

    Raises:
        UsageError: There is no seed, or there are fewer than two evaluations.
    """
    images, labels = digits_of("train", IMAGES)
    total = epochs * IMAGES // BATCH
    steps = tuple(range(FIRST, total + 1, every)) if every > 0 else ()
    if not seeds or len(steps) < 2:
        raise UsageError(
            f"follow_lag needs a seed and at least two evaluations from step {FIRST} on; "
            f"{epochs} epochs are {total} steps, evaluated every {every}."
        )
    unseen = digits_of("test", None)
    moving, restated = [], []
    for seed in seeds:
        network = build_normalized_convolutions(seed)
        courses: tuple[list[float], list[float]] = ([], [])

        def look(
            step: int, network: nn.Module = network, courses: tuple[list[float], ...] = courses
        ) -> None:
            if step in steps:
                courses[0].append(measure_accuracy(network, *unseen))
                courses[1].append(measure_accuracy(restate_averages(network, images), *unseen))

        train_by_sgd(
            network, images, labels,
            rate=rate, epochs=epochs, batch_size=BATCH, seed=seed, watch=look,
        )  # fmt: skip
        moving.append(tuple(courses[0]))
        restated.append(tuple(courses[1]))
    return LaggingAverages(rate, steps, tuple(moving), tuple(restated))


def restate_averages(network: nn.Module, images: Tensor) -> nn.Module:
    """A copy of a network whose averages are those of these images, at the weights as they are.

    Args:
        network: With batch normalization.
        images: As the network takes them; taken in one batch.

    Raises:
        UsageError: The network has no batch normalization.
    """
    renewed = copy.deepcopy(network)
    for layer in batch_norm_layers(renewed):
        layer.reset_running_stats()
        layer.momentum = None  # PyTorch then takes the plain mean over all batches
    renewed.train()
    with torch.no_grad():
        renewed(images)
    return renewed.eval()
