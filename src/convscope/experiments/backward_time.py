"""What all gradients of a network cost, beside one forward pass."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F

from convscope.inspection.trace.trace import trace
from convscope.look.language import pick
from convscope.look.printed import Paragraph, Part, Printed, TextTable
from convscope.networks.catalog import build

if TYPE_CHECKING:
    from matplotlib.figure import Figure

IMAGES = 32
TRIES = 6


@dataclass(frozen=True)
class BackwardCost:
    """What a network's forward and backward pass cost.

    Attributes:
        network: Its name.
        parameters: How many gradients the backward pass gives.
        forward_seconds: Processor time of the forward pass and the loss, for a batch of 32.
        backward_seconds: Processor time of the backward pass.
        counted: FLOPs backward over FLOPs forward, counted from the layers.
    """

    network: str
    parameters: int
    forward_seconds: float
    backward_seconds: float
    counted: float

    @property
    def ratio(self) -> float:
        """The time of the backward pass over that of the forward pass."""
        return self.backward_seconds / self.forward_seconds

    @property
    def times_as_slow_by_differences(self) -> float:
        """How many times as long finite differences would take: two forward passes a parameter."""
        forward, backward = self.forward_seconds, self.backward_seconds
        return 2 * self.parameters * forward / (forward + backward)


@dataclass(frozen=True)
class BackwardCosts(Printed):
    """The costs of several networks.

    Attributes:
        costs: One for each.
    """

    costs: tuple[BackwardCost, ...]

    @property
    def ratios(self) -> tuple[float, ...]:
        """Time backward over time forward, by network."""
        return tuple(cost.ratio for cost in self.costs)

    def shown(self) -> Iterator[Part]:
        """A row for each network."""
        low, high = min(self.ratios), max(self.ratios)
        yield Paragraph(
            pick(
                f"All gradients take {low:.1f} to {high:.1f} times as long as the forward pass",
                f"求出全部梯度的时间是前向计算的 {low:.1f} 到 {high:.1f} 倍",
            ),
            "bold",
        )
        headings = [
            pick("network", "网络"),
            pick("gradients", "梯度个数"),
            pick("forward", "前向"),
            pick("backward", "反向"),
            pick("ratio of times", "时间之比"),
            pick("ratio counted", "按运算量计"),
        ]
        rows = [
            [
                cost.network,
                f"{cost.parameters:,}",
                f"{1000 * cost.forward_seconds:.1f} ms",
                f"{1000 * cost.backward_seconds:.1f} ms",
                f"{cost.ratio:.1f}",
                f"{cost.counted:.1f}",
            ]
            for cost in self.costs
        ]
        yield TextTable("", headings, rows)

    def figure(self, path: str | Path | None = None) -> Figure:
        """The time of the backward pass beside that of the forward pass.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        from convscope.experiments.gradient_figures import backward_costs_figure

        return backward_costs_figure(self, path)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {"costs": [asdict(cost) | {"ratio": cost.ratio} for cost in self.costs]}


def measure_backward(networks: Sequence[str] = ("mlp", "lenet", "resnet9")) -> BackwardCosts:
    """Time forward and backward pass of networks of the catalog, on one thread.

    Each time is the least of several tries, on random images.

    Args:
        networks: Their names.

    Raises:
        UsageError: There is no such network.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return BackwardCosts(tuple(_measure(name) for name in networks))
    finally:
        torch.set_num_threads(threads)


def _measure(name: str) -> BackwardCost:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = build(name)
        size = network.size or 32
        images = torch.rand(IMAGES, network.in_channels, size, size)
        labels = torch.randint(network.classes, (IMAGES,))
    forward, backward = [], []
    for _ in range(TRIES):
        seconds, loss = _timed(lambda: F.cross_entropy(network(images), labels))
        forward.append(seconds)
        backward.append(_timed(loss.backward)[0])
        network.zero_grad()
    layers = trace(network, (network.in_channels, size, size)).layers
    counted = sum(each.backward_flops for each in layers) / sum(each.flops for each in layers)
    parameters = sum(each.numel() for each in network.parameters())
    return BackwardCost(name, parameters, min(forward), min(backward), counted)


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.process_time()
    result = work()
    return time.process_time() - started, result
