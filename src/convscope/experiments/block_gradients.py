"""How much of the loss's gradient reaches the early blocks of a deep network, before training.

Sources: He, Zhang, Ren and Sun, "Deep residual learning for image recognition", 2015, section 4.1,
where gradients of plain networks with batch norm are found healthy; Yang and others, "A mean field
theory of batch normalization", 2019, where they grow with depth.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F

from convscope.experiments.brief_training import on_one_thread
from convscope.experiments.depth_network import build_depth_network, kind_name
from convscope.experiments.short_training import all_digits
from convscope.look.language import pick
from convscope.look.numbers import number
from convscope.look.printed import Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

IMAGES = 128
KINDS = ("plain", "residual")


@dataclass(frozen=True)
class BlockGradients(Printed):
    """The gradient behind the stem and each block.

    Attributes:
        layers: Depth of the networks.
        with_norm: By kind of network, with batch norm: root mean square of the loss's gradient in
            the outputs of the stem and of each block, over that of the last block; the median over
            the seeds.
        without_norm: The same without batch norm.
    """

    layers: int
    with_norm: Mapping[str, tuple[float, ...]]
    without_norm: Mapping[str, tuple[float, ...]]

    def kept(self, kind: str, *, batch_norm: bool) -> float:
        """The gradient behind the stem over that behind the last block.

        Args:
            kind: "plain" or "residual".
            batch_norm: Of the networks with it, or without.
        """
        return (self.with_norm if batch_norm else self.without_norm)[kind][0]

    def shown(self) -> Iterator[Part]:
        """A row for each network."""
        rows = [
            (
                kind_name(kind)
                + pick(", ", "，")
                + (pick("batch norm", "有批量规范化") if norm else pick("no norm", "无规范化")),
                number(self.kept(kind, batch_norm=norm), 2),
            )
            for norm in (False, True)
            for kind in KINDS
        ]
        yield TextTable(
            pick(f"{self.layers} layers, before training", f"{self.layers} 层，训练之前"),
            (pick("network", "网络"), pick("gradient, first over last", "梯度：最前比最后")),
            rows,
        )

    def figure(self, path: str | Path | None = None) -> Figure:
        """The gradient over the blocks, without and with batch norm.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        from convscope.experiments.depth_figures import block_gradients_figure

        return block_gradients_figure(self, path)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            "layers": self.layers,
            "with_norm": {kind: [*values] for kind, values in self.with_norm.items()},
            "without_norm": {kind: [*values] for kind, values in self.without_norm.items()},
        }


def compare_block_gradients(
    layers: int = 32, *, seeds: Sequence[int] = (0, 1, 2)
) -> BlockGradients:
    """Send digits through networks with PyTorch's own first weights, and the gradient back.

    Args:
        layers: Depth, as 6n + 2.
        seeds: Of the weights.

    Raises:
        UsageError: There is no network of this depth.
    """
    found = {
        norm: {kind: _measure(layers, kind, norm, seeds) for kind in KINDS}
        for norm in (True, False)
    }
    return BlockGradients(layers, found[True], found[False])


def _measure(layers: int, kind: str, norm: bool, seeds: Sequence[int]) -> tuple[float, ...]:
    images, labels = (each[:IMAGES] for each in all_digits())
    found = []
    with torch.random.fork_rng(devices=[]), on_one_thread():
        for seed in seeds:
            torch.manual_seed(seed)
            network = build_depth_network(layers, kind, initialization="default", batch_norm=norm)
            x, outputs = images, []
            for name, part in network.named_children():
                x = part(x)
                if name.startswith(("stem", "block")):
                    x.retain_grad()
                    outputs.append(x)
            F.cross_entropy(x, labels).backward()  # type: ignore[no-untyped-call]
            sizes = [float(each.grad.double().square().mean().sqrt()) for each in outputs]
            found.append([size / sizes[-1] for size in sizes])
    return tuple(np.median(found, axis=0).tolist())
