"""Forward passes in training mode move the averages of batch normalization, without any step."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from matplotlib.ticker import MaxNLocator
from torch import Tensor, nn

from convscope.errors import UsageError
from convscope.experiments.brief_training import on_one_thread
from convscope.experiments.normalized_networks import batch_norm_layers
from convscope.experiments.plain_sgd import measure_accuracy
from convscope.look.canvas import drawing, footnote, headline
from convscope.look.language import pick
from convscope.look.numbers import number, percent
from convscope.look.palette import TEST
from convscope.look.printed import Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class ForwardPasses(Printed):
    """What forward passes without a step have changed.

    Attributes:
        accuracies: In prediction mode before the first pass and after each.
        weight_change: Largest change of a weight.
        mean_change: Largest change of a moving mean.
    """

    accuracies: tuple[float, ...]
    weight_change: float
    mean_change: float

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        passes = len(self.accuracies) - 1
        yield TextTable(
            pick(f"{passes} forward passes, no step", f"{passes} 次前向计算，没有更新"),
            ("", ""),
            [
                (pick("accuracy before", "之前的准确率"), percent(self.accuracies[0])),
                (pick("accuracy after", "之后的准确率"), percent(self.accuracies[-1])),
                (
                    pick("largest change of a weight", "权重的最大变化"),
                    number(self.weight_change, 2),
                ),
                (pick("of a moving mean", "移动平均的最大变化"), number(self.mean_change, 2)),
            ],
        )

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw the accuracy over the passes.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        with drawing(path, 8.0, 3.9) as figure:
            headline(
                figure,
                pick(
                    "No weight was touched, yet the accuracy falls", "权重一个没动，准确率却在下降"
                ),
            )
            axes = figure.subplots()
            values = [100 * each for each in self.accuracies]
            axes.plot(range(len(values)), values, "o-", color=TEST)
            axes.set_ylim(0, 102)
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.set_xlabel(pick("forward passes in training mode", "训练模式下前向计算的次数"))
            axes.set_ylabel(pick("right in prediction mode, %", "预测模式下认对的比例（%）"))
            footnote(
                figure,
                pick("Each pass: one batch of other images.", "每次前向计算：一批别的图像。"),
            )
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return vars(self) | {"accuracies": [*self.accuracies]}


def follow_forward_passes(
    network: nn.Module, shown: Tensor, images: Tensor, labels: Tensor, *, passes: int = 20
) -> ForwardPasses:
    """Show a network a batch in training mode again and again, and evaluate it after each time.

    A copy of the network is used.

    Args:
        network: With batch normalization.
        shown: The batch that it is shown; no gradient is computed and no step made.
        images: What it is evaluated on, in prediction mode.
        labels: Of these, int64 (N,).
        passes: How often the batch is shown.

    Raises:
        UsageError: The network has no batch normalization, or `passes` is below 1.
    """
    if passes < 1:
        raise UsageError(f"passes must be at least 1; given {passes}.")
    worker = copy.deepcopy(network)
    layers = batch_norm_layers(worker)
    weights, means = _weights(worker), _means(layers)
    accuracies = [measure_accuracy(worker, images, labels)]
    for _ in range(passes):
        worker.train()
        with on_one_thread(), torch.no_grad():
            worker(shown)
        accuracies.append(measure_accuracy(worker, images, labels))
    return ForwardPasses(
        tuple(accuracies),
        float((_weights(worker) - weights).abs().max()),
        float((_means(layers) - means).abs().max()),
    )


def _weights(network: nn.Module) -> Tensor:
    return torch.cat([each.detach().flatten().clone() for each in network.parameters()])


def _means(layers: list[nn.BatchNorm1d | nn.BatchNorm2d]) -> Tensor:
    return torch.cat([each.get_buffer("running_mean").clone() for each in layers])
