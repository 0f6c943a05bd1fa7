"""A dense block: channels that grow layer by layer, and what that costs.

Source: Huang, Liu, van der Maaten and Weinberger, "Densely connected convolutional networks", 2016,
section 3.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from convscope.errors import UsageError
from convscope.experiments.step_footprint import measure_footprint
from convscope.look.language import pick
from convscope.look.numbers import quantity, size
from convscope.look.printed import Paragraph, Part, Printed, TextTable
from convscope.networks.densenet import DenseBlock, Transition

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BYTES = 4  # of a float32


@dataclass(frozen=True)
class DenseChannels(Printed):
    """The shapes on the way through a dense block and its transition.

    Attributes:
        growth: Channels that each layer adds.
        shapes: (channels, height, width) of the input, behind each layer, and behind the
            transition, if there is one.
        layers: How many layers the block has.
    """

    growth: int
    shapes: tuple[tuple[int, int, int], ...]
    layers: int

    def shown(self) -> Iterator[Part]:
        """A row for each step."""
        rows = [
            (name, " × ".join(map(str, shape)))
            for name, shape in zip(self._names(), self.shapes, strict=True)
        ]
        yield TextTable(
            pick(f"A dense block of growth rate {self.growth}", f"增长率为 {self.growth} 的稠密块"),
            ("", pick("shape behind it", "其后的形状")),
            rows,
        )

    def figure(self, path: str | Path | None = None) -> Figure:
        """The channels behind each step as bars: what was there, and what was added.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        from convscope.experiments.dense_figures import dense_channels_figure

        return dense_channels_figure(self, self._names(), path)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            "growth": self.growth,
            "shapes": [list(shape) for shape in self.shapes],
            "layers": self.layers,
        }

    def _names(self) -> list[str]:
        layers = [pick(f"layer {i}", f"第 {i} 层") for i in range(1, self.layers + 1)]
        names = [pick("input", "输入"), *layers]
        return names if len(self.shapes) == len(names) else [*names, pick("transition", "过渡层")]


def follow_dense_channels(
    in_channels: int = 3,
    *,
    growth: int = 10,
    layers: int = 2,
    size: int = 8,
    transition: int | None = 10,
) -> DenseChannels:
    """Send an image through the library's dense block and transition, and note the shapes.

    Args:
        in_channels: Channels of the input.
        growth: Channels that each layer adds.
        layers: How many.
        size: Height and width of the input.
        transition: Channels behind the transition; None: there is none.
    """
    block = DenseBlock(layers, in_channels, growth).eval()
    x = torch.zeros(1, in_channels, size, size)
    shapes = [x.shape[1:]]
    with torch.no_grad():
        for layer in block.children():
            x = torch.cat((x, layer(x)), dim=1)
            shapes.append(x.shape[1:])
        if transition is not None:
            shapes.append(Transition(x.shape[1], transition).eval()(x).shape[1:])
    found = tuple((int(c), int(h), int(w)) for c, h, w in shapes)
    return DenseChannels(growth, found, layers)


@dataclass(frozen=True)
class DenseCost:
    """What a dense block of some depth takes.

    Attributes:
        layers: How many layers it has.
        channels: Channels behind it.
        parameters: Weights.
        maps: Bytes of its output, which holds the maps of all its layers once.
        kept: Bytes that training keeps for the backward pass.
        kept_recomputed: The same, if every layer is computed again in the backward pass.
    """

    layers: int
    channels: int
    parameters: int
    maps: int
    kept: int
    kept_recomputed: int


@dataclass(frozen=True)
class DenseCosts(Printed):
    """Dense blocks of several depths, for one image.

    Attributes:
        blocks: From the shallowest on.
        growth: Channels that each layer adds.
        size: Height and width.
    """

    blocks: tuple[DenseCost, ...]
    growth: int
    size: int

    @property
    def exponent(self) -> float:
        """By which power of the depth the kept memory grows, from the last but one to the last."""
        before, last = self.blocks[-2:]
        return float(np.log(last.kept / before.kept) / np.log(last.layers / before.layers))

    def shown(self) -> Iterator[Part]:
        """A row for each depth."""
        yield TextTable(
            pick(
                f"Growth rate {self.growth}, maps of {self.size} × {self.size}, one image",
                f"增长率 {self.growth}，{self.size} × {self.size} 的特征图，一幅图像",
            ),
            (
                pick("layers", "层数"), pick("channels", "通道"), pick("parameters", "参数"),
                pick("all maps once", "全部特征图各一份"), pick("kept", "保存"),
                pick("with recomputation", "重算时"),
            ),
            [
                (str(each.layers), str(each.channels), quantity(each.parameters), size(each.maps),
                 size(each.kept), size(each.kept_recomputed))
                for each in self.blocks
            ],
        )  # fmt: skip
        yield Paragraph(
            pick(
                "kept: what PyTorch holds for the backward pass",
                "保存：PyTorch 为反向传播保留的内存",
            ),
            "dim",
        )

    def figure(self, path: str | Path | None = None) -> Figure:
        """What is kept over the number of layers, beside what the maps themselves take.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        from convscope.experiments.dense_figures import dense_costs_figure

        return dense_costs_figure(self, path)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            "blocks": [asdict(each) for each in self.blocks],
            "growth": self.growth,
            "size": self.size,
        }


def measure_dense_costs(
    layers: Sequence[int] = (2, 4, 8, 16, 32),
    *,
    in_channels: int = 16,
    growth: int = 12,
    size: int = 32,
) -> DenseCosts:
    """Measure what training keeps of dense blocks of several depths.

    Args:
        layers: Depths, at least two, rising.
        in_channels: Channels of the input.
        growth: Channels that each layer adds.
        size: Height and width of the maps.

    Raises:
        UsageError: Fewer than two depths, or they don't rise.
    """
    if len(layers) < 2 or sorted(set(layers)) != [*layers]:
        raise UsageError(f"measure_dense_costs needs two depths or more, rising; got {layers}.")
    found = []
    for count in layers:
        with torch.device("meta"):
            block = DenseBlock(count, in_channels, growth)
            head = nn.Linear(block.out_channels, 1)
            network = nn.Sequential(block, nn.AdaptiveAvgPool2d(1), nn.Flatten(), head)
        again = [f"0.{name}" for name, _ in block.named_children()]
        image = (in_channels, size, size)
        kept, recomputed = (
            measure_footprint(network, image, recomputed=names).kept for names in ((), again)
        )
        parameters = sum(parameter.numel() for parameter in block.parameters())
        maps = BYTES * block.out_channels * size**2
        cost = DenseCost(count, block.out_channels, parameters, maps, kept, recomputed)
        found.append(cost)
    return DenseCosts(tuple(found), growth, size)
