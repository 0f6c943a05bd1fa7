"""Network in Network (Lin, Chen and Yan, 2013) with AlexNet's windows, for 224×224."""

from torch import nn


def block(before: int, channels: int, kernel: int, stride: int = 1, padding: int = 0) -> nn.Module:
    """A convolution and two of 1×1."""
    return nn.Sequential(
        nn.Conv2d(before, channels, kernel, stride, padding), nn.ReLU(inplace=True),
        nn.Conv2d(channels, channels, 1), nn.ReLU(inplace=True),
        nn.Conv2d(channels, channels, 1), nn.ReLU(inplace=True),
    )  # fmt: skip


def build() -> nn.Module:
    """From (N, 1, 224, 224) to (N, 10)."""
    return nn.Sequential(
        block(1, 96, 11, stride=4), nn.MaxPool2d(3, stride=2),
        block(96, 256, 5, padding=2), nn.MaxPool2d(3, stride=2),
        block(256, 384, 3, padding=1), nn.MaxPool2d(3, stride=2),
        nn.Dropout(0.5),
        block(384, 10, 3, padding=1),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(),
    )  # fmt: skip
