"""What the first weights do to a signal on its way through many layers, and to its gradient back.

Each layer multiplies the spread by about the same factor, so depth makes a power of it. Sources:
Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks",
2010, section 4.2; He et al., "Delving deep into rectifiers", 2015, section 2.2.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from convscope.errors import UsageError, unknown_name
from convscope.experiments.brief_training import on_one_thread
from convscope.look.canvas import drawing, footnote, headline
from convscope.look.language import pick
from convscope.look.numbers import number
from convscope.look.palette import BLUE, GREEN, VERMILION
from convscope.look.printed import Part, Printed, TextTable
from convscope.networks.initialization import initialize

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ACTIVATIONS = {"sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "relu": nn.ReLU}
NAMES = {"sigmoid": "sigmoid", "tanh": "tanh", "relu": "ReLU"}
CHOICES = ("default", "normal", "constant", "xavier", "kaiming")
DEEPEST = 4  # columns of the figure
KEPT, GONE = 3.0, 100.0  # factors from the first layer to the last


@dataclass(frozen=True)
class SignalDepth(Printed):
    """The spread of outputs and gradients, layer after layer. It prints and draws histograms.

    Attributes:
        activation: "sigmoid", "tanh" or "relu".
        spreads: By initialization, the standard deviation of each layer's outputs, taken behind
            the activation, over units and examples.
        signals: By initialization, the part of each spread that is between examples: the standard
            deviation of a unit's outputs over the examples, as root mean square over the units. Of
            what the input was, no more than this is left.
        gradients: By initialization, the root mean square of the loss's gradient in each layer's
            outputs.
        outputs: By initialization, the outputs of each layer, (layers, examples × units).
    """

    activation: str
    spreads: Mapping[str, tuple[float, ...]]
    signals: Mapping[str, tuple[float, ...]]
    gradients: Mapping[str, tuple[float, ...]]
    outputs: Mapping[str, np.ndarray] = field(repr=False)

    @property
    def depth(self) -> int:
        """How many layers there are."""
        return len(next(iter(self.spreads.values())))

    def kept(self, choice: str) -> float:
        """The last layer's spread over the first's."""
        spreads = self.spreads[choice]
        return spreads[-1] / spreads[0] if spreads[0] else 0.0

    def signal_kept(self, choice: str) -> float:
        """The last layer's spread between examples over the first's."""
        signals = self.signals[choice]
        return signals[-1] / signals[0] if signals[0] else 0.0

    def gradient_kept(self, choice: str) -> float:
        """The gradient that reaches the first layer over that of the last."""
        gradients = self.gradients[choice]
        return gradients[0] / gradients[-1] if gradients[-1] else 0.0

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        places = self._places()
        layer = pick("layer {}", "第 {} 层")
        yield TextTable(
            pick(
                f"Spread of the outputs, {self.depth} layers with {NAMES[self.activation]}",
                f"输出的标准差，{self.depth} 层，激活函数 {NAMES[self.activation]}",
            ),
            (
                pick("first weights", "初始化"),
                *(layer.format(place + 1) for place in places),
                pick("between examples, last", "末层：样本之间"),
                pick("gradient, first over last", "梯度：首层比末层"),
            ),
            [
                (choice, *(number(spreads[place], 2) for place in places),
                 number(self.signals[choice][-1], 2), number(self.gradient_kept(choice), 2))
                for choice, spreads in self.spreads.items()
            ],
        )  # fmt: skip

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw a histogram of the outputs for each initialization at four depths.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        places, choices = self._places(), [*self.spreads]
        name = NAMES[self.activation]
        keeping = [choice for choice in choices if 1 / KEPT < self.kept(choice) < KEPT]
        with drawing(path, 10.0, 1.2 + 1.15 * len(choices)) as figure:
            headline(
                figure,
                pick(
                    f"After {self.depth} layers with {name}, the spread is kept by: "
                    f"{', '.join(keeping) or 'none of them'}",
                    f"{name}，{self.depth} 层之后，仍保持分布宽度的初始化："
                    f"{'、'.join(keeping) or '一个也没有'}",
                ),
            )
            grid = figure.subplots(len(choices), len(places), squeeze=False)
            for row, choice in enumerate(choices):
                colour = _colour(self.kept(choice))
                first = self.outputs[choice][0]
                edges = np.linspace(first.min(), max(first.max(), first.min() + 1e-12), 42)
                for column, place in enumerate(places):
                    axes = grid[row, column]
                    values = self.outputs[choice][place]
                    values = np.clip(values[values != 0], edges[0], edges[-1])
                    axes.hist(values, bins=edges, color=colour)
                    axes.set(yticks=[])
                    axes.grid(False)
                    axes.spines["left"].set_visible(False)
                    axes.tick_params(labelsize=8)
                    spread = number(self.spreads[choice][place], 2)
                    axes.set_title(spread, loc="right", fontsize=9, fontweight="normal")
                    if column == 0:
                        axes.set_ylabel(choice, rotation=0, ha="right", va="center")
                    if row == 0:
                        axes.set_title(pick(f"layer {place + 1}", f"第 {place + 1} 层"))
            footnote(
                figure,
                pick(
                    "outputs behind the activation; the number is their standard deviation; "
                    "outputs of 0 aren't drawn,\nand what lies outside is counted at the edge",
                    "激活之后的输出；数字为其标准差；为 0 的输出不画，超出范围的计入边缘",
                ),
            )
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            "activation": self.activation,
            "spreads": {name: [*values] for name, values in self.spreads.items()},
            "signals": {name: [*values] for name, values in self.signals.items()},
            "gradients": {name: [*values] for name, values in self.gradients.items()},
        }

    def _places(self) -> list[int]:
        return sorted({round(place) for place in np.linspace(0, self.depth - 1, DEEPEST)})


def follow_signal(
    activation: str = "relu",
    choices: Sequence[str] = CHOICES,
    *,
    depth: int = 20,
    width: int = 256,
    examples: int = 64,
    seed: int = 0,
) -> SignalDepth:
    """Send noise through a stack of dense layers under each initialization, and a gradient back.

    Every layer has as many units as inputs and no bias, so that only the weights act. Inputs are
    N(0, 1); the gradient that is sent back from the last layer is N(0, 1), too.

    Args:
        activation: Behind every layer: "sigmoid", "tanh" or "relu".
        choices: Names of `networks.initialization.INITIALIZATIONS`.
        depth: Number of layers.
        width: Units of each.
        examples: How many inputs are sent.
        seed: Of inputs, weights and gradient.

    Raises:
        UsageError: There is no such activation or initialization, or a size is below 1.
    """
    if activation not in ACTIVATIONS:
        raise unknown_name("activation", activation, ACTIVATIONS)
    for name, size in (("depth", depth), ("width", width), ("examples", examples)):
        if size < 1:
            raise UsageError(f"{name} must be at least 1; given {size}.")
    spreads, signals, gradients, outputs = {}, {}, {}, {}
    with on_one_thread(), torch.random.fork_rng(devices=[]):
        for choice in choices:
            torch.manual_seed(seed)
            signal = torch.randn(examples, width)
            layers = [nn.Linear(width, width, bias=False) for _ in range(depth)]
            stack = nn.Sequential(*chain(*((each, ACTIVATIONS[activation]()) for each in layers)))
            initialize(stack, choice)
            found = _pass_through(stack, signal)
            spreads[choice] = tuple(float(value.detach().std(correction=0)) for value in found)
            signals[choice] = tuple(
                float(value.detach().double().var(dim=0, correction=0).mean().sqrt())
                for value in found
            )
            found[-1].backward(torch.randn(examples, width))  # type: ignore[no-untyped-call]
            gradients[choice] = tuple(_root_mean_square(value.grad) for value in found)
            outputs[choice] = np.stack([value.detach().flatten().numpy() for value in found])
    return SignalDepth(activation, spreads, signals, gradients, outputs)


def _pass_through(stack: nn.Sequential, signal: Tensor) -> list[Tensor]:
    """The outputs of each activation; they keep their gradients."""
    found = []
    for place, layer in enumerate(stack):
        signal = layer(signal)
        if place % 2:
            signal.retain_grad()
            found.append(signal)
    return found


def _root_mean_square(gradient: Tensor | None) -> float:
    return 0.0 if gradient is None else float(gradient.double().square().mean().sqrt())


def _colour(kept: float) -> str:
    """Green where the spread is kept, blue where it shrinks, red where it is gone or explodes."""
    if 1 / KEPT < kept < KEPT:
        return GREEN
    return BLUE if 1 / GONE < kept < GONE else VERMILION
