"""Stacks of convolutions that see equally far: what each costs, counted and by the clock.

Source of the argument: Simonyan and Zisserman, "Very deep convolutional networks for large-scale
image recognition", 2014, section 2.3.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from convscope.definitions.counting import (
    Window,
    convolution_macs,
    convolution_parameters,
    receptive_field,
)
from convscope.errors import UsageError
from convscope.experiments.brief_training import on_one_thread
from convscope.look.language import pick
from convscope.look.numbers import duration, number, quantity
from convscope.look.printed import Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class KernelStack:
    """One stack: counted, and timed.

    Attributes:
        kernel: Height and width of its kernels.
        layers: How many convolutions, each with a ReLU.
        field: Pixels that a unit sees along one side.
        parameters: Weights and biases.
        macs: MACs for one image.
        seconds: Times of a forward and a backward pass, one for each round.
    """

    kernel: int
    layers: int
    field: int
    parameters: int
    macs: int
    seconds: tuple[float, ...]

    @property
    def name(self) -> str:
        """As "10 × 3×3"."""
        return f"{self.layers} × {self.kernel}×{self.kernel}"

    @property
    def median(self) -> float:
        """The median time in seconds."""
        return float(np.median(self.seconds))


@dataclass(frozen=True)
class KernelStacks(Printed):
    """Stacks beside one another, the first as what the others are compared with.

    Attributes:
        stacks: In the order in which they were given; timed in turns.
        channels: Of every map.
        size: Height and width of every map.
    """

    stacks: tuple[KernelStack, ...]
    channels: int
    size: int

    def ratio(self, what: str, first: int = 0, second: int = 1) -> float:
        """`field`, `parameters`, `macs` or `median` of one stack over that of another."""
        return float(getattr(self.stacks[first], what) / getattr(self.stacks[second], what))

    def time_ratio(self, first: int = 0, second: int = 1) -> tuple[float, float, float]:
        """Time of one stack over another's, round by round: median and its 95 % interval.

        The interval is that of order statistics, which asks nothing of the distribution: of n
        rounds, ranks around n/2 ± 0.98 √n.
        """
        ratios = np.sort(
            np.asarray(self.stacks[first].seconds) / np.asarray(self.stacks[second].seconds)
        )
        count = len(ratios)
        reach = 0.98 * count**0.5
        low = max(int(np.floor(count / 2 - reach)), 0)
        high = min(int(np.ceil(count / 2 + reach)), count - 1)
        return float(np.median(ratios)), float(ratios[low]), float(ratios[high])

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        title = pick(
            f"{self.channels} channels, maps of {self.size} × {self.size}",
            f"{self.channels} 个通道，{self.size} × {self.size} 的特征图",
        )
        headings = (
            pick("stack", "堆叠"), pick("sees", "感受野"), pick("nonlinearities", "非线性层"),
            pick("parameters", "参数"), "MACs", pick("time", "时间"),
        )  # fmt: skip
        rows = [
            (s.name, f"{s.field} × {s.field}", str(s.layers), f"{s.parameters:,}",
             quantity(s.macs), duration(s.median))
            for s in self.stacks
        ]  # fmt: skip
        yield TextTable(title, headings, rows)

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw what each stack costs, as a share of the last one's.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        from convscope.look.canvas import drawing, headline
        from convscope.look.palette import SERIES

        macs, clock = self.ratio("macs"), self.time_ratio()[0]
        with drawing(path, 8.5, 3.8) as figure:
            headline(
                figure,
                pick(
                    f"{100 * macs:.0f} % of the operations, {100 * clock:.0f} % of the time",
                    f"运算量为 {100 * macs:.0f} %，时间为 {100 * clock:.0f} %",
                ),
            )
            axes = figure.subplots()
            names = (pick("parameters", "参数"), pick("operations", "运算量"), pick("time", "时间"))
            last = self.stacks[-1]
            for place, stack in enumerate(self.stacks):
                shares = [
                    100 * self.ratio("parameters", place, -1),
                    100 * self.ratio("macs", place, -1),
                    100 * self.time_ratio(place, -1)[0],
                ]
                at = np.arange(3) + 0.38 * (place - (len(self.stacks) - 1) / 2)
                bars = axes.barh(at, shares, 0.34, color=SERIES[place], label=stack.name)
                axes.bar_label(bars, [number(share, 3) for share in shares], padding=3)
            axes.set_yticks(range(3), names)
            axes.invert_yaxis()
            axes.grid(visible=False, axis="y")
            axes.margins(x=0.12)
            axes.set_xlabel(pick(f"% of {last.name}", f"占 {last.name} 的百分比"))
            figure.legend(loc="outside right center")
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        stacks = [asdict(stack) | {"seconds": list(stack.seconds)} for stack in self.stacks]
        return {"stacks": stacks, "channels": self.channels, "size": self.size}


def compare_kernel_stacks(
    stacks: Sequence[tuple[int, int]] = ((3, 10), (5, 5)),
    *,
    channels: int = 32,
    size: int = 28,
    images: int = 4,
    rounds: int = 31,
) -> KernelStacks:
    """Count and time stacks of convolutions that keep height and width.

    The stacks take turns, forward and backward on one thread, so that whatever else the machine
    does meets them all; a first round doesn't count.

    Args:
        stacks: Kernel and number of layers of each.
        channels: Of every map, the image's too.
        size: Height and width of the maps.
        images: In a batch.
        rounds: How often each is timed.

    Raises:
        UsageError: Fewer than two stacks, no round, or an even kernel, which doesn't keep the size.
    """
    if len(stacks) < 2 or rounds < 1 or any(kernel % 2 == 0 for kernel, _ in stacks):
        raise UsageError(
            "compare_kernel_stacks needs two stacks or more, of odd kernels, and a round; got "
            f"{list(stacks)} and {rounds}."
        )
    with torch.random.fork_rng(devices=[]), on_one_thread():
        torch.manual_seed(0)
        batch = torch.randn(images, channels, size, size)
        networks = [_build(kernel, layers, channels) for kernel, layers in stacks]
        times = [[_seconds(network, batch) for network in networks] for _ in range(rounds + 1)][1:]
    found = [
        KernelStack(
            kernel=kernel,
            layers=layers,
            field=receptive_field([Window(kernel)] * layers).size,
            parameters=layers * convolution_parameters(channels, channels, (kernel, kernel)),
            macs=layers * convolution_macs(channels, channels, (kernel, kernel), (size, size)),
            seconds=tuple(each),
        )
        for (kernel, layers), each in zip(stacks, zip(*times, strict=True), strict=True)
    ]
    return KernelStacks(tuple(found), channels, size)


def _build(kernel: int, layers: int, channels: int) -> nn.Sequential:
    blocks: list[nn.Module] = []
    for _ in range(layers):
        convolution = nn.Conv2d(channels, channels, kernel, padding=kernel // 2)
        nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
        blocks += [convolution, nn.ReLU()]
    return nn.Sequential(*blocks)


def _seconds(network: nn.Module, batch: torch.Tensor) -> float:
    started = time.process_time()
    network(batch).sum().backward()
    took = time.process_time() - started
    network.zero_grad()
    return took
