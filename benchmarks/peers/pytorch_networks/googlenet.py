"""GoogLeNet (Szegedy and others, 2014, table 1), without the auxiliary classifiers, for 96×96."""

import torch
from torch import Tensor, nn


def convolution(before: int, channels: int, kernel: int, stride: int = 1) -> nn.Module:
    """A convolution that keeps height and width at stride 1, and a ReLU."""
    return nn.Sequential(
        nn.Conv2d(before, channels, kernel, stride, kernel // 2), nn.ReLU(inplace=True)
    )


class Inception(nn.Module):
    """Four paths side by side; the numbers are a row of the paper's table 1."""

    def __init__(self, before: int, c1: int, r3: int, c3: int, r5: int, c5: int, pool: int) -> None:
        super().__init__()
        self.paths = nn.ModuleList(
            [
                convolution(before, c1, 1),
                nn.Sequential(convolution(before, r3, 1), convolution(r3, c3, 3)),
                nn.Sequential(convolution(before, r5, 1), convolution(r5, c5, 5)),
                nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1), convolution(before, pool, 1)),
            ]
        )

    def forward(self, x: Tensor) -> Tensor:
        """Stack the outputs of the paths."""
        return torch.cat([path(x) for path in self.paths], dim=1)


def build() -> nn.Module:
    """From (N, 1, 96, 96) to (N, 10)."""
    return nn.Sequential(
        convolution(1, 64, 7, stride=2), nn.MaxPool2d(3, stride=2, padding=1),
        convolution(64, 64, 1), convolution(64, 192, 3), nn.MaxPool2d(3, stride=2, padding=1),
        Inception(192, 64, 96, 128, 16, 32, 32),
        Inception(256, 128, 128, 192, 32, 96, 64),
        nn.MaxPool2d(3, stride=2, padding=1),
        Inception(480, 192, 96, 208, 16, 48, 64),
        Inception(512, 160, 112, 224, 24, 64, 64),
        Inception(512, 128, 128, 256, 24, 64, 64),
        Inception(512, 112, 144, 288, 32, 64, 64),
        Inception(528, 256, 160, 320, 32, 128, 128),
        nn.MaxPool2d(3, stride=2, padding=1),
        Inception(832, 256, 160, 320, 32, 128, 128),
        Inception(832, 384, 192, 384, 48, 128, 128),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(1024, 10),
    )  # fmt: skip
