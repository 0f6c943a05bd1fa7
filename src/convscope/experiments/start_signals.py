"""What gets through a network before its first step: forward the images, back the gradient."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from convscope.data.load import load
from convscope.experiments.untrained_parameters import find_untrained
from convscope.look.language import pick
from convscope.look.numbers import number
from convscope.look.printed import Paragraph, Part, Printed, TextTable
from convscope.networks.initialization import initialize

if TYPE_CHECKING:
    from matplotlib.figure import Figure

IMAGES = 256


@dataclass(frozen=True)
class StartSignal:
    """Medians over several seeds, before training.

    Attributes:
        initialization: Rule by which the weights were drawn.
        spread: How far the logits of different images lie apart: their standard deviation over
            the images, mean over the logits.
        gradient: Norm of the gradient of the first layer's weights.
    """

    initialization: str
    spread: float
    gradient: float


@dataclass(frozen=True)
class StartSignals(Printed):
    """One network under several initializations.

    Attributes:
        signals: One for each.
    """

    signals: tuple[StartSignal, ...]

    def gradient(self, initialization: str) -> float:
        """The first layer's gradient under one of the rules."""
        return next(s.gradient for s in self.signals if s.initialization == initialization)

    def shown(self) -> Iterator[Part]:
        """A row for each initialization."""
        low, high = (number(choose(s.gradient for s in self.signals), 1) for choose in (min, max))
        yield Paragraph(
            pick(
                f"The first layer's gradient: from {low} to {high}, by initialization",
                f"第一层的梯度：因初始化不同，从 {low} 到 {high}",
            ),
            "bold",
        )
        headings = [
            pick("initialization", "初始化"),
            pick("spread of logits over images", "不同图像的输出差异"),
            pick("gradient of the first layer", "第一层的梯度"),
        ]
        rows = [
            [s.initialization, number(s.spread, 1), number(s.gradient, 1)] for s in self.signals
        ]
        yield TextTable("", headings, rows)

    def figure(self, path: str | Path | None = None) -> Figure:
        """The gradient of the first layer under each initialization, on a logarithmic axis.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        from convscope.experiments.gradient_figures import start_signals_figure

        return start_signals_figure(self, path)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {"signals": [asdict(signal) for signal in self.signals]}


def compare_start_signals(
    build: Callable[[], nn.Module],
    initializations: Sequence[str] = ("normal", "default", "xavier", "kaiming"),
    *,
    size: int = 28,
    seeds: int = 5,
) -> StartSignals:
    """Measure on the digits what each initialization lets through, medians over seeds.

    Args:
        build: Builds the network for images 1×`size`×`size`; its first parameter is that of the
            first layer.
        initializations: Rules of `networks.initialization`.
        size: Height and width of the images.
        seeds: How many times the weights are drawn.

    Raises:
        UsageError: There is no such rule.
    """
    digits = load("digits", size=size)
    images = torch.from_numpy(digits.images[:IMAGES]).float() / 255
    labels = torch.from_numpy(digits.labels[:IMAGES])
    signals = []
    for initialization in initializations:
        spreads, gradients = [], []
        for seed in range(seeds):
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(seed)
                network = build()
                initialize(network, initialization)
            gradients.append(find_untrained(network, images, labels).paths[0].gradient_norm)
            with torch.no_grad():
                spreads.append(float(network(images).std(0).mean()))
        middle = statistics.median(spreads), statistics.median(gradients)
        signals.append(StartSignal(initialization, *middle))
    return StartSignals(tuple(signals))
