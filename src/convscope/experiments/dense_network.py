"""A small network of one dense block."""

from __future__ import annotations

from torch import nn

from convscope.networks.densenet import DenseBlock


def build_dense_network(
    *, channels: int = 16, layers: int = 8, growth: int = 12, classes: int = 10
) -> nn.Sequential:
    """Build a convolution, a dense block, averages and a dense layer for images (N, 1, H, W).

    Args:
        channels: Of the first convolution.
        layers: Of the dense block.
        growth: Channels that each of them adds.
        classes: How many logits.
    """
    block = DenseBlock(layers, channels, growth)
    return nn.Sequential(
        nn.Conv2d(1, channels, 3, padding=1, bias=False), block,
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(block.out_channels, classes),
    )  # fmt: skip
