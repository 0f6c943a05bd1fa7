"""What a network with batch normalization answers in training mode and in prediction mode.

In training mode an image's output depends on the images it shares its batch with.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from convscope.errors import UsageError
from convscope.experiments.brief_training import on_one_thread
from convscope.experiments.plain_sgd import measure_accuracy
from convscope.look.canvas import drawing, headline
from convscope.look.language import pick
from convscope.look.numbers import percent
from convscope.look.palette import INK, MARKERS, SERIES
from convscope.look.printed import Paragraph, Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class ModeComparison(Printed):
    """Accuracy of one network, with the same weights, in both modes.

    Attributes:
        prediction: Accuracy in prediction mode; batches don't matter there.
        sizes: Batch sizes that were tried in training mode.
        shuffled: For each, the accuracy in training mode with images in random order.
        sorted: For each, the same with images sorted by class, as files of a folder often are.
        changed: For each, the share of images whose answer is another one in another random
            order.
        batch_effect: Largest change of a logit in prediction mode between batches of the first
            size and all images at once.
    """

    prediction: float
    sizes: tuple[int, ...]
    shuffled: tuple[float, ...]
    sorted: tuple[float, ...]
    changed: tuple[float, ...]
    batch_effect: float

    def at(self, size: int) -> tuple[float, float, float]:
        """Shuffled accuracy, sorted accuracy and changed answers at a batch size."""
        place = self.sizes.index(size)
        return self.shuffled[place], self.sorted[place], self.changed[place]

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        text = pick("Prediction mode, any batch:", "预测模式，任意批量：")
        yield Paragraph(f"{text} {percent(self.prediction)}", "bold")
        yield TextTable(
            pick("Training mode", "训练模式"),
            (pick("batch size", "批量大小"), *map(str, self.sizes)),
            [
                (pick("shuffled", "打乱"), *map(percent, self.shuffled)),
                (pick("sorted by class", "按类别排序"), *map(percent, self.sorted)),
                (pick("answers that change with the order", "随次序改变的答案"),
                 *map(percent, self.changed)),
            ],
        )  # fmt: skip

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw the accuracy over the batch size.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        with drawing(path, 8.5, 4.2) as figure:
            headline(
                figure,
                pick(
                    "Left in training mode, the answer depends on the batch",
                    "忘了切换模式，答案就取决于同批的图像",
                ),
            )
            axes = figure.subplots()
            axes.axhline(
                100 * self.prediction, color=INK, linestyle="--",
                label=pick("prediction mode", "预测模式"),
            )  # fmt: skip
            courses = {
                pick("training mode, shuffled", "训练模式，打乱"): self.shuffled,
                pick("training mode, sorted by class", "训练模式，按类别排序"): self.sorted,
            }
            for (name, shares), colour, marker in zip(
                courses.items(), SERIES, MARKERS, strict=False
            ):
                values = [100 * each for each in shares]
                axes.plot(self.sizes, values, f"{marker}-", color=colour, label=name)
            axes.set_xscale("log", base=2)
            axes.set_xticks(self.sizes, [str(each) for each in self.sizes])
            axes.set_ylim(0, 102)
            axes.set_xlabel(pick("images in a batch", "每批的图像数"))
            axes.set_ylabel(pick("right, %", "认对的比例（%）"))
            axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            key: [*value] if isinstance(value, tuple) else value
            for key, value in vars(self).items()
        }


def compare_modes(
    network: nn.Module,
    images: Tensor,
    labels: Tensor,
    sizes: Sequence[int] = (2, 4, 8, 16, 32, 64, 128),
    *,
    seed: int = 0,
) -> ModeComparison:
    """Let a trained network answer in both modes, in batches of several sizes.

    The network isn't changed: a copy does the work, and its moving averages aren't used again.

    Args:
        network: From images to logits (N, classes).
        images: As the network takes them, (N, …).
        labels: int64 (N,).
        sizes: Batch sizes, each at least 2; a last, smaller batch is left out.
        seed: Of the random orders.

    Raises:
        UsageError: A size is below 2 or above the number of images.
    """
    if not sizes or min(sizes) < 2 or max(sizes) > len(images):
        raise UsageError(
            f"sizes are from 2 to the number of images, {len(images)}; given {tuple(sizes)}."
        )
    worker = copy.deepcopy(network)
    random = torch.Generator().manual_seed(seed)
    one, other = (torch.randperm(len(images), generator=random) for _ in range(2))
    by_class = torch.argsort(labels, stable=True)
    shuffled, ordered, changed = [], [], []
    for size in sizes:
        first, second = (_answers(worker, images, order, size) for order in (one, other))
        both = (first >= 0) & (second >= 0)
        changed.append(float((first != second)[both].float().mean()))
        shuffled.append(_share_right(first, labels))
        ordered.append(_share_right(_answers(worker, images, by_class, size), labels))
    prediction = measure_accuracy(worker, images, labels)
    with on_one_thread(), torch.no_grad():
        parts = torch.cat([worker(part) for part in torch.split(images, sizes[0])])
        effect = float((parts - worker(images)).abs().max())
    return ModeComparison(
        prediction, tuple(sizes), tuple(shuffled), tuple(ordered), tuple(changed), effect
    )


def _answers(network: nn.Module, images: Tensor, order: Tensor, size: int) -> Tensor:
    """Classes (N,) in training mode, −1 for images of the last, smaller batch."""
    answers = torch.full((len(images),), -1)
    network.train()
    with on_one_thread(), torch.no_grad():
        for batch in torch.split(order, size):
            if len(batch) == size:
                answers[batch] = network(images[batch]).argmax(1)
    return answers


def _share_right(answers: Tensor, labels: Tensor) -> float:
    return float((answers == labels)[answers >= 0].float().mean())
