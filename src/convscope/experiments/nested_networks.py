"""A deep network that contains a shallower one: blocks put in that change no answer.

Source: He, Zhang, Ren and Sun, "Deep residual learning for image recognition", 2015, section 3.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from torch import nn

from convscope.errors import UsageError
from convscope.experiments.brief_training import on_one_thread
from convscope.experiments.depth_network import BLOCKS, build_depth_network
from convscope.experiments.short_training import all_digits
from convscope.look.language import pick
from convscope.look.numbers import number
from convscope.look.printed import Part, Printed, TextTable
from convscope.networks.initialization import initialize

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from convscope.networks.resnet import BasicBlock

IMAGES = 200
SHALLOW = 8  # layers


@dataclass(frozen=True)
class Insertion:
    """One way to make a network deeper.

    Attributes:
        name: "residual, zero", "residual, fresh", "plain, fresh" or "plain, identity".
        difference: Largest difference of a logit from the shallow network's.
        before: Logits of the shallow network, (images, classes).
        after: Logits of the deeper one.
    """

    name: str
    difference: float
    before: np.ndarray = field(repr=False)
    after: np.ndarray = field(repr=False)

    @property
    def title(self) -> str:
        """The name, in the current language."""
        return {
            "residual, zero": pick("residual, branch at zero", "残差块，支路为零"),
            "residual, fresh": pick("residual, fresh weights", "残差块，随机初始化"),
            "plain, fresh": pick("plain, fresh weights", "无捷径，随机初始化"),
            "plain, identity": pick("plain, identity kernels", "无捷径，恒等卷积核"),
        }[self.name]


@dataclass(frozen=True)
class NestedNetworks(Printed):
    """What becomes of a network's answers when blocks are put in.

    Attributes:
        insertions: The ways to do so.
        layers: Layers that were put in.
    """

    insertions: tuple[Insertion, ...]
    layers: int

    def difference(self, name: str) -> float:
        """Largest change of a logit by one of the ways."""
        return next(each.difference for each in self.insertions if each.name == name)

    def shown(self) -> Iterator[Part]:
        """A row for each way."""
        yield TextTable(
            pick(
                f"{self.layers} layers put into a network of {SHALLOW}",
                f"在 {SHALLOW} 层的网络中插入 {self.layers} 层",
            ),
            (
                pick("what is put in", "插入的块"),
                pick("largest change of a logit", "输出的最大变化"),
            ),
            [(each.title, number(each.difference, 2)) for each in self.insertions],
        )

    def figure(self, path: str | Path | None = None) -> Figure:
        """The deeper network's logits over the shallow one's, a panel for each way.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        from convscope.experiments.depth_figures import nested_networks_figure

        return nested_networks_figure(self, path)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        ways = [{"name": each.name, "difference": each.difference} for each in self.insertions]
        return {"insertions": ways, "layers": self.layers}


def insert_blocks(blocks: int = 6, *, seed: int = 0) -> NestedNetworks:
    """Put blocks into a residual and a plain network of 8 layers, in four ways, and compare logits.

    All is in evaluation mode, where batch norm doesn't depend on the other images. A branch at
    zero has the scale and shift of its last batch norm at 0. Identity kernels have a single 1, in
    the middle and from each channel to itself, and batch norm undone.

    Args:
        blocks: How many blocks of two layers are put in, in the middle of the network.
        seed: Of all weights.

    Raises:
        UsageError: `blocks` is below 1.
    """
    if blocks < 1:
        raise UsageError(f"blocks must be at least 1; given {blocks}.")
    images = all_digits()[0][:IMAGES]
    ways = []
    with torch.random.fork_rng(devices=[]), torch.no_grad(), on_one_thread():
        for name in ("residual, zero", "residual, fresh", "plain, fresh", "plain, identity"):
            torch.manual_seed(seed)
            kind = name.partition(",")[0]
            network = build_depth_network(SHALLOW, kind).eval()
            before = network(images).numpy()
            after = _deepen(network, kind, name, blocks).eval()(images).numpy()
            ways.append(Insertion(name, float(np.abs(after - before).max()), before, after))
    return NestedNetworks(tuple(ways), 2 * blocks)


def _deepen(network: nn.Sequential, kind: str, name: str, blocks: int) -> nn.Sequential:
    """The same layers with new blocks behind the second block."""
    children = [*network.children()]
    channels = cast("BasicBlock", children[2]).conv2.out_channels
    new = [BLOCKS[kind](channels, channels) for _ in range(blocks)]
    for block in new:
        initialize(block, "kaiming")
        if name == "residual, zero":
            nn.init.zeros_(block.bn2.weight)
        elif name == "plain, identity":
            _make_identity(block)
    return nn.Sequential(*children[:3], *new, *children[3:])


def _make_identity(block: BasicBlock) -> None:
    for convolution, norm in ((block.conv1, block.bn1), (block.conv2, block.bn2)):
        nn.init.dirac_(convolution.weight)
        variance = cast("torch.Tensor", norm.running_var)
        norm.weight.copy_((variance + norm.eps).sqrt())
