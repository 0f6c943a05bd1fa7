"""The 1×1 convolution beside a dense layer that is applied to the channels of every pixel.

Source: Lin, Chen and Yan, "Network in network", ICLR 2014.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from convscope.definitions.counting import dense_parameters
from convscope.definitions.dense import dense
from convscope.look.language import pick
from convscope.look.numbers import number, percent
from convscope.look.printed import Part, Printed, TextTable


@dataclass(frozen=True)
class OneByOne(Printed):
    """What a 1×1 convolution does, measured on random numbers. It prints as a table.

    Attributes:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        size: Height and width, of the input and of the output.
        output_shape: Of one image, (channels, height, width).
        definition: Largest difference from the definition of a dense layer, pixel by pixel.
        linear: Largest difference from PyTorch's `nn.Linear` with the same weights.
        neighbours: Outputs at *other* pixels that change when one pixel of the input does.
        unexplained: Share of an output channel's variance that no multiple of a single input
            channel accounts for, in the channel where it is largest; 0 where the layer only scales.
        parameters: Of the 1×1 convolution.
        flat_parameters: Of a dense layer from all numbers of the image to all of the output.
    """

    in_channels: int
    out_channels: int
    size: int
    output_shape: tuple[int, ...]
    definition: float
    linear: float
    neighbours: int
    unexplained: float
    parameters: int
    flat_parameters: int

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        shape = " × ".join(map(str, self.output_shape))
        rows = [
            (pick("output", "输出"), shape),
            (
                pick("difference from a dense layer at each pixel", "与逐像素全连接层之差"),
                number(self.definition, 2),
            ),
            (pick("difference from nn.Linear", "与 nn.Linear 之差"), number(self.linear, 2)),
            (
                pick("other pixels that notice a changed pixel", "一个像素改变时受影响的其他像素"),
                str(self.neighbours),
            ),
            (
                pick("variance that scaling alone leaves over", "仅靠缩放无法解释的方差"),
                percent(self.unexplained),
            ),
            (pick("parameters", "参数"), f"{self.parameters:,}"),
            (
                pick("of one dense layer over the flattened image", "展平后的全连接层的参数"),
                f"{self.flat_parameters:,}",
            ),
        ]
        title = pick(
            f"1×1 convolution, {self.in_channels} → {self.out_channels} channels, "
            f"{self.size}×{self.size} pixels",
            f"1×1 卷积，{self.in_channels} → {self.out_channels} 通道，"
            f"{self.size}×{self.size} 像素",
        )
        yield TextTable(title, ("", ""), rows)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return vars(self) | {"output_shape": [*self.output_shape]}


def compare_one_by_one(
    in_channels: int = 3, out_channels: int = 4, *, size: int = 16, seed: int = 0
) -> OneByOne:
    """Run a 1×1 convolution with random weights on a random image, and compare.

    Args:
        in_channels: Channels of the image.
        out_channels: Channels of the output.
        size: Height and width of the image.
        seed: Of image and weights; PyTorch's generator is left as found.
    """
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(seed)
        layer = nn.Conv2d(in_channels, out_channels, 1)
        linear = nn.Linear(in_channels, out_channels)
        linear.weight.copy_(layer.weight[:, :, 0, 0])
        linear.bias.copy_(layer.bias)  # type: ignore[arg-type]
        x = torch.randn(1, in_channels, size, size)
        changed = x.clone()
        changed[..., size // 2, size // 2] += 1
        y = layer(x)
        pixels = x[0].flatten(1).T  # (pixels, in_channels)
        by_definition = dense(pixels.numpy(), linear.weight.numpy(), linear.bias.numpy())
        by_linear = linear(x.movedim(1, -1)).movedim(-1, 1)
        moved = (layer(changed) != y).any(1)[0]
        moved[size // 2, size // 2] = False
    numbers = size**2
    return OneByOne(
        in_channels,
        out_channels,
        size,
        tuple(y.shape[1:]),
        float(abs(y[0].flatten(1).T.numpy() - by_definition).max()),
        float((y - by_linear).abs().max()),
        int(moved.sum()),
        _unexplained(x[0].flatten(1), y[0].flatten(1)),
        sum(p.numel() for p in layer.parameters()),
        dense_parameters(in_channels * numbers, out_channels * numbers),
    )


def _unexplained(x: Tensor, y: Tensor) -> float:
    """The share of variance that the best input channel leaves, for the worst output channel.

    Args:
        x: (c_in, pixels).
        y: (c_out, pixels).
    """
    correlation = torch.corrcoef(torch.cat([x, y]).double())[: len(x), len(x) :]
    return max(0.0, float(1 - (correlation**2).max(0).values.min()))
