"""What convolutions cost, counted in four ways that must agree: by hand and by three programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from convscope.definitions.counting import convolution_macs, convolution_parameters
from convscope.experiments.pixel_visits import count_visits
from convscope.inspection.trace.trace import trace
from convscope.look.language import pick
from convscope.look.numbers import percent, quantity
from convscope.look.printed import Part, Printed, TextTable


class ConvolutionSetting(NamedTuple):
    """A square convolution on a square image.

    Attributes:
        in_channels: c_i.
        out_channels: c_o.
        kernel: Height and width of the kernels.
        size: Height and width of the image.
        padding: On each side.
        stride: Pixels from one window to the next.
        groups: Groups of channels that don't see one another.
        bias: Whether there are biases.
    """

    in_channels: int
    out_channels: int
    kernel: int
    size: int
    padding: int = 0
    stride: int = 1
    groups: int = 1
    bias: bool = True

    def build(self) -> nn.Conv2d:
        """The layer in PyTorch, on a device that holds no numbers ("meta")."""
        return nn.Conv2d(
            self.in_channels, self.out_channels, self.kernel, padding=self.padding,
            stride=self.stride, groups=self.groups, bias=self.bias, device="meta",
        )  # fmt: skip

    def __str__(self) -> str:
        k = self.kernel
        return f"{self.in_channels} → {self.out_channels}, {k}×{k}" + (
            f", {pick('groups', '分组')} {self.groups}" if self.groups > 1 else ""
        )


class LayerCost(NamedTuple):
    """The cost of one layer for one image.

    Attributes:
        setting: The layer.
        output: Height and width of its output.
        parameters: By hand, c_i / groups · c_o · k² + c_o.
        real_parameters: Numbers in the PyTorch layer.
        macs: By hand, c_i / groups · c_o · k² · m².
        traced_macs: As `convscope.trace` counts them.
        counted_flops: As PyTorch counts while the layer runs: products and additions apart.
        on_padding: Share of the MACs that multiply a zero of the padding.
    """

    setting: ConvolutionSetting
    output: int
    parameters: int
    real_parameters: int
    macs: int
    traced_macs: int
    counted_flops: int
    on_padding: float

    @property
    def agrees(self) -> bool:
        """Whether all ways of counting give the same."""
        return (
            self.parameters == self.real_parameters
            and self.macs == self.traced_macs
            and 2 * self.macs == self.counted_flops
        )


@dataclass(frozen=True)
class LayerCosts(Printed):
    """What layers cost, by hand and by program. It prints as a table.

    Attributes:
        rows: One for each layer.
    """

    rows: tuple[LayerCost, ...]

    @property
    def agree(self) -> bool:
        """Whether all ways of counting agree for all layers."""
        return all(row.agrees for row in self.rows)

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        headings = (
            pick("layer", "层"),
            pick("output", "输出"),
            pick("parameters", "参数"),
            pick("by PyTorch", "PyTorch 参数"),
            pick("MACs by hand", "手算乘加"),
            pick("by trace", "trace 乘加"),
            pick("FLOPs by PyTorch", "PyTorch 浮点运算"),
            pick("on padding", "填充所占"),
        )
        rows = [
            (
                str(row.setting),
                f"{row.output} × {row.output}",
                f"{row.parameters:,}",
                f"{row.real_parameters:,}",
                quantity(row.macs),
                quantity(row.traced_macs),
                quantity(row.counted_flops),
                percent(row.on_padding),
            )
            for row in self.rows
        ]
        yield TextTable(pick("For one image", "每幅图像"), headings, rows)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {"rows": [row._asdict() | {"setting": row.setting._asdict()} for row in self.rows]}


def count_layer_costs(settings: Sequence[ConvolutionSetting]) -> LayerCosts:
    """Count parameters and MACs of convolutions by hand and by program.

    Args:
        settings: The layers, each with the image that it gets.

    Raises:
        UsageError: A kernel does not fit into its padded image, or groups don't divide channels.
    """
    return LayerCosts(tuple(map(_count, settings)))


def _count(setting: ConvolutionSetting) -> LayerCost:
    layer = setting.build()
    image = torch.zeros(1, setting.in_channels, setting.size, setting.size, device="meta")
    with FlopCounterMode(display=False) as counter:
        output = layer(image).shape[-1]
    kernel = (setting.kernel, setting.kernel)
    pair = (setting.in_channels, setting.out_channels)
    macs = convolution_macs(*pair, kernel, (output, output), groups=setting.groups)
    visits = count_visits(
        setting.size,
        {"": {"kernel": setting.kernel, "padding": setting.padding, "stride": setting.stride}},
    )
    on_pixels = int(visits.counts[""].sum()) / (output * setting.kernel) ** 2
    return LayerCost(
        setting,
        output,
        convolution_parameters(*pair, kernel, groups=setting.groups, bias=setting.bias),
        sum(p.numel() for p in layer.parameters()),
        macs,
        trace(_on_processor(setting), (setting.in_channels, setting.size, setting.size)).macs,
        counter.get_total_flops(),
        1 - on_pixels,
    )


def _on_processor(setting: ConvolutionSetting) -> nn.Module:
    return setting.build().to_empty(device="cpu")
