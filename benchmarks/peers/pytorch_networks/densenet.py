"""DenseNet (Huang and others, 2016): four blocks of four layers, growth rate 32, for 96×96."""

import torch
from torch import Tensor, nn

GROWTH, LAYERS, BLOCKS = 32, 4, 4


def layer(before: int, channels: int, kernel: int) -> nn.Module:
    """Batch norm, ReLU, convolution."""
    return nn.Sequential(
        nn.BatchNorm2d(before),
        nn.ReLU(inplace=True),
        nn.Conv2d(before, channels, kernel, padding=kernel // 2, bias=False),
    )


class DenseBlock(nn.Module):
    """Each layer sees the outputs of all before it, stacked."""

    def __init__(self, before: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layer(before + i * GROWTH, GROWTH, 3) for i in range(LAYERS))

    def forward(self, x: Tensor) -> Tensor:
        """Stack every layer's output on its input."""
        for each in self.layers:
            x = torch.cat((x, each(x)), dim=1)
        return x


def build() -> nn.Module:
    """From (N, 1, 96, 96) to (N, 10)."""
    channels = 64
    layers: list[nn.Module] = [
        nn.Conv2d(1, channels, 7, stride=2, padding=3, bias=False),
        nn.BatchNorm2d(channels),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3, stride=2, padding=1),
    ]
    for number in range(BLOCKS):
        if number > 0:
            layers += [layer(channels, channels // 2, 1), nn.AvgPool2d(2)]
            channels //= 2
        layers.append(DenseBlock(channels))
        channels += LAYERS * GROWTH
    layers += [nn.BatchNorm2d(channels), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10))
