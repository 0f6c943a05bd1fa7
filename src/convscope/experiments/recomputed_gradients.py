"""Recomputation: the same gradients for less memory and more time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from convscope.experiments.brief_training import on_one_thread
from convscope.look.language import pick
from convscope.look.numbers import duration, percent
from convscope.look.printed import Part, Printed, TextTable
from convscope.networks.catalog import build
from convscope.planning.recomputed_blocks import plan_recomputation
from convscope.runs.recipe import Recipe
from convscope.runtime.execution import Execution
from convscope.runtime.recomputation import recomputing

TRIES = 4


@dataclass(frozen=True)
class RecomputedGradients(Printed):
    """A forward and a backward pass with everything kept, and with blocks computed again.

    Attributes:
        network: Its name.
        blocks: How many blocks are computed again.
        difference: The largest difference of a gradient.
        seconds: Processor time of both passes with everything kept.
        recomputed_seconds: The same with recomputation.
    """

    network: str
    blocks: int
    difference: float
    seconds: float
    recomputed_seconds: float

    @property
    def ratio(self) -> float:
        """The time with recomputation over that without."""
        return self.recomputed_seconds / self.seconds

    def shown(self) -> Iterator[Part]:
        """A row for each way."""
        rows = [
            [pick("everything kept", "全部保留"), duration(self.seconds), "", ""],
            [
                pick(f"{self.blocks} blocks computed again", f"{self.blocks} 块重新计算"),
                duration(self.recomputed_seconds),
                percent(self.ratio, 0),
                f"{self.difference:g}",
            ],
        ]
        headings = (
            self.network,
            pick("processor time", "处理器时间"),
            "",
            pick("largest difference of a gradient", "梯度的最大差"),
        )
        yield TextTable("", headings, rows)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return asdict(self) | {"ratio": self.ratio}


def compare_recomputation(
    network: str = "densenet", *, images: int = 16, size: int = 32
) -> RecomputedGradients:
    """Compute the gradients of a batch with everything kept and with blocks computed again.

    On one thread; each time is the least of four.

    Args:
        network: Name in the catalog.
        images: Random grey images in the batch.
        size: Their height and width, in pixels.

    Raises:
        UsageError: There is no such network.
    """
    with torch.random.fork_rng(devices=[]), on_one_thread():
        torch.manual_seed(0)
        built = build(network, 1, 10).train()
        batch = torch.rand(images, 1, size, size)
        labels = torch.randint(10, (images,))
        execution = Execution(torch.device("cpu"), "float32", layout="contiguous")
        blocks = plan_recomputation(built, (1, size, size), execution, Recipe(epochs=1)).blocks
        results = {}
        for again in (False, True):
            with recomputing(built, blocks, {}) if again else nullcontext():
                results[again] = _gradients(built, batch, labels)
    kept, recomputed = results[False], results[True]
    difference = max(
        float((a - b).abs().max()) for a, b in zip(kept[1], recomputed[1], strict=True)
    )
    return RecomputedGradients(network, len(blocks), difference, kept[0], recomputed[0])


def _gradients(
    network: nn.Module, images: torch.Tensor, labels: torch.Tensor
) -> tuple[float, list[torch.Tensor]]:
    times = []
    gradients: tuple[torch.Tensor, ...] = ()
    for _ in range(TRIES):
        begun = time.process_time()
        loss = F.cross_entropy(network(images), labels)
        gradients = torch.autograd.grad(loss, [*network.parameters()])
        times.append(time.process_time() - begun)
    return min(times), [*gradients]
