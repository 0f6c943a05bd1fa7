"""Where residual networks have a 1×1 convolution in a shortcut, and what it takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from convscope.errors import UsageError, unknown_name
from convscope.inspection.trace.trace import trace
from convscope.look.language import pick
from convscope.look.numbers import percent
from convscope.look.printed import Part, Printed, TextTable
from convscope.networks.catalog import build
from convscope.networks.resnet import BasicBlock, Bottleneck, ResNet

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class StageShortcut:
    """The shortcut of the first block of a stage; those of later blocks are never projected.

    Attributes:
        stage: From 1 to 4.
        in_channels: Channels that the block gets.
        out_channels: Channels that it gives.
        stride: By which it divides height and width.
        projected: Whether there is a 1×1 convolution in the shortcut.
    """

    stage: int
    in_channels: int
    out_channels: int
    stride: int
    projected: bool

    @property
    def changes_shape(self) -> bool:
        """Whether input and output couldn't be added as they are."""
        return self.in_channels != self.out_channels or self.stride != 1


@dataclass(frozen=True)
class NetworkShortcuts:
    """The shortcuts of one network.

    Attributes:
        network: Its name in the catalog.
        stages: One for each stage.
        later: How many blocks that aren't the first of their stage have a projection.
        parameters: Share of the weights that lies in projections.
        macs: Share of the multiply–adds.
    """

    network: str
    stages: tuple[StageShortcut, ...]
    later: int
    parameters: float
    macs: float


@dataclass(frozen=True)
class Shortcuts(Printed):
    """The shortcuts of several networks.

    Attributes:
        networks: In the order in which they were asked for.
    """

    networks: tuple[NetworkShortcuts, ...]

    @property
    def rule_holds(self) -> bool:
        """Whether there is a projection where the shape changes, and nowhere else."""
        return all(
            stage.projected == stage.changes_shape
            for network in self.networks
            for stage in network.stages
        ) and not any(network.later for network in self.networks)

    def __getitem__(self, name: str) -> NetworkShortcuts:
        """The network of this name.

        Raises:
            UsageError: It isn't among them.
        """
        for each in self.networks:
            if each.network == name:
                return each
        raise unknown_name("network", name, [each.network for each in self.networks])

    def shown(self) -> Iterator[Part]:
        """A row for each network."""
        yield TextTable(
            pick("Where a shortcut has a 1×1 convolution", "哪些捷径中有 1×1 卷积"),
            (
                pick("network", "网络"),
                *(pick(f"stage {i}", f"阶段 {i}") for i in range(1, 5)),
                pick("of all weights", "占全部权重"), pick("of all MACs", "占全部乘加"),
            ),
            [
                (each.network, *map(_cell, each.stages), percent(each.parameters),
                 percent(each.macs))
                for each in self.networks
            ],
        )  # fmt: skip

    def figure(self, path: str | Path | None = None) -> Figure:
        """A grid of networks and stages, coloured where there is a projection.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        from matplotlib.patches import Rectangle

        from convscope.look.canvas import drawing, footnote, headline
        from convscope.look.palette import ACCENT, DIM, FRAME, WHITE

        with drawing(path, 9.0, 1.5 + 0.75 * len(self.networks)) as figure:
            headline(
                figure,
                pick(
                    "A 1×1 stands where the shape changes, nowhere else",
                    "形状改变之处才有 1×1，别处没有",
                ),
            )
            axes = figure.subplots()
            for row, network in enumerate(self.networks):
                for column, stage in enumerate(network.stages):
                    face, ink = (ACCENT, WHITE) if stage.projected else (FRAME, DIM)
                    axes.add_patch(Rectangle((column + 0.03, row + 0.06), 0.94, 0.88, color=face))
                    text = f"{stage.in_channels} → {stage.out_channels}"
                    if stage.stride > 1:
                        text += pick(", half size", "，尺寸减半")
                    axes.text(
                        column + 0.5, row + 0.5, text, ha="center", va="center", color=ink,
                        fontsize=10,
                    )  # fmt: skip
            axes.set_xlim(0, 4)
            axes.set_ylim(len(self.networks), 0)
            axes.set_xticks([i + 0.5 for i in range(4)], [
                pick(f"stage {i}", f"阶段 {i}") for i in range(1, 5)
            ])  # fmt: skip
            names = [each.network for each in self.networks]
            axes.set_yticks([i + 0.5 for i in range(len(names))], names)
            axes.xaxis.tick_top()
            axes.tick_params(length=0)
            axes.grid(visible=False)
            for side in axes.spines.values():
                side.set_visible(False)
            footnote(
                figure,
                pick(
                    "The first block of each stage: channels in → out. Brown: 1×1 in the shortcut.",
                    "每个阶段的第一个块：输入 → 输出通道。棕色：捷径中有 1×1 卷积。",
                ),
            )
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {"networks": [asdict(each) for each in self.networks]}


def _cell(stage: StageShortcut) -> str:
    shape = f"{stage.in_channels} → {stage.out_channels}"
    return f"{shape}, 1×1" if stage.projected else shape


def list_shortcuts(
    networks: Sequence[str] = ("resnet18", "resnet34", "resnet50", "resnet101"),
    *,
    image: tuple[int, int, int] = (1, 96, 96),
) -> Shortcuts:
    """Look at the shortcuts of residual networks as they are built.

    Args:
        networks: ResNets of the catalog.
        image: (channels, height, width), for the multiply–adds.

    Raises:
        UsageError: A network is no ResNet, or there is none of its name.
    """
    return Shortcuts(tuple(_look_at(name, image) for name in networks))


def _look_at(name: str, image: tuple[int, int, int]) -> NetworkShortcuts:
    import torch

    with torch.device("meta"):
        network = build(name, in_channels=image[0])
    if not isinstance(network, ResNet):
        raise UsageError(f"list_shortcuts looks at ResNets; {name!r} is none.")
    stages, later = [], 0
    groups = (network.layer1, network.layer2, network.layer3, network.layer4)
    for place, group in enumerate(groups, start=1):
        first, *others = cast("list[BasicBlock | Bottleneck]", [*group])
        last = first.conv3 if isinstance(first, Bottleneck) else first.conv2
        inputs, outputs = first.conv1.in_channels, last.out_channels
        stride = max(first.conv1.stride[0], first.conv2.stride[0])
        stages.append(StageShortcut(place, inputs, outputs, stride, first.downsample is not None))
        later += sum(block.downsample is not None for block in others)
    traced = trace(network, image)
    inside = [layer for layer in traced.layers if ".downsample." in layer.name]
    return NetworkShortcuts(
        name, tuple(stages), later,
        sum(layer.parameters for layer in inside) / traced.parameters,
        sum(layer.macs for layer in inside) / traced.macs,
    )  # fmt: skip
