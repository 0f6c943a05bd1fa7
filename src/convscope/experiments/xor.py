"""XOR, which no line separates: how often a network with a hidden layer of some size learns it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from convscope.errors import UsageError
from convscope.experiments.brief_training import on_one_thread
from convscope.look.canvas import drawing, headline
from convscope.look.language import pick
from convscope.look.palette import SERIES
from convscope.look.printed import Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INPUTS = ((0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0))
TARGETS = (0, 1, 1, 0)
STEPS = 400
RATE = 0.05


@dataclass(frozen=True)
class XorResult(Printed):
    """How many seeds learned XOR, by the number of hidden units. It prints and draws itself.

    Attributes:
        solved: By hidden units, the seeds that had all four cases right in the end.
        seeds: How many seeds were tried.
    """

    solved: Mapping[int, int]
    seeds: int

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        yield TextTable(
            pick(
                f"XOR: solved by so many of {self.seeds} seeds",
                f"XOR：{self.seeds} 个种子中解出的个数",
            ),
            (pick("hidden units", "隐藏单元"), *(f"{hidden}" for hidden in self.solved)),
            [("", *(f"{count}" for count in self.solved.values()))],
        )  # fmt: skip

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw the share of seeds by the number of hidden units.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        least = min((hidden for hidden, count in self.solved.items() if count), default=None)
        with drawing(path, 7.0, 3.4) as figure:
            headline(
                figure,
                pick("No seed solved XOR", "没有种子解出 XOR")
                if least is None
                else pick(
                    f"XOR takes at least {least} hidden units, and some luck",
                    f"XOR 至少要 {least} 个隐藏单元，还要一点运气",
                ),
            )
            axes = figure.subplots()
            axes.set_axisbelow(True)
            names = [f"{hidden}" for hidden in self.solved]
            bars = axes.bar(names, [*self.solved.values()], color=SERIES[0])
            axes.bar_label(bars)
            axes.set_ylim(0, 1.12 * self.seeds)
            axes.set_xlabel(pick("hidden units", "隐藏单元数"))
            axes.set_ylabel(
                pick(f"solved, of {self.seeds} seeds", f"解出（共 {self.seeds} 个种子）")
            )
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            "solved": {str(hidden): n for hidden, n in self.solved.items()},
            "seeds": self.seeds,
        }


def learn_xor(hidden: Sequence[int] = (0, 1, 2, 3, 4, 8), *, seeds: int = 10) -> XorResult:
    """Train networks with one hidden layer of ReLU units on the four cases of XOR.

    PyTorch's initialization, 400 steps of Adam at 0.05 on all four cases at once.

    Args:
        hidden: Numbers of hidden units; 0 is a linear model.
        seeds: How many first weights each number gets.

    Raises:
        UsageError: A number of units is below 0, or there are no seeds.
    """
    if min(hidden) < 0 or seeds < 1:
        raise UsageError(
            f"hidden units must be at least 0 and seeds at least 1; given {list(hidden)}, {seeds}."
        )
    with on_one_thread():
        solved = {units: sum(_solves(units, seed) for seed in range(seeds)) for units in hidden}
    return XorResult(solved, seeds)


def _solves(hidden: int, seed: int) -> bool:
    torch.manual_seed(seed)
    network: nn.Module = nn.Linear(2, 2)
    if hidden:
        network = nn.Sequential(nn.Linear(2, hidden), nn.ReLU(), nn.Linear(hidden, 2))
    x, targets = torch.tensor(INPUTS), torch.tensor(TARGETS)
    optimizer = torch.optim.Adam(network.parameters(), lr=RATE)
    for _ in range(STEPS):
        loss: Tensor = F.cross_entropy(network(x), targets)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    with torch.no_grad():
        return bool((network(x).argmax(1) == targets).all())
