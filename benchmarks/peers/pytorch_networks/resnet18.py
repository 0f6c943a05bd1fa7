"""ResNet-18 (He, Zhang, Ren and Sun, 2015, table 1), for grey images of 96×96."""

import torch.nn.functional as F
from torch import Tensor, nn


class Residual(nn.Module):
    """Two 3×3 convolutions beside a shortcut."""

    def __init__(self, before: int, channels: int, stride: int = 1) -> None:
        super().__init__()
        self.residual = nn.Sequential(
            nn.Conv2d(before, channels, 3, stride, padding=1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
        )
        self.shortcut = nn.Identity()
        if stride > 1:
            self.shortcut = nn.Sequential(
                nn.Conv2d(before, channels, 1, stride, bias=False), nn.BatchNorm2d(channels)
            )

    def forward(self, x: Tensor) -> Tensor:
        """Add the shortcut, apply ReLU."""
        return F.relu(self.residual(x) + self.shortcut(x), inplace=True)


def build() -> nn.Module:
    """From (N, 1, 96, 96) to (N, 10)."""
    return nn.Sequential(
        nn.Conv2d(1, 64, 7, stride=2, padding=3, bias=False),
        nn.BatchNorm2d(64),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3, stride=2, padding=1),
        Residual(64, 64), Residual(64, 64),
        Residual(64, 128, stride=2), Residual(128, 128),
        Residual(128, 256, stride=2), Residual(256, 256),
        Residual(256, 512, stride=2), Residual(512, 512),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(512, 10),
    )  # fmt: skip
