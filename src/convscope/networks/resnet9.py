"""A small residual network that is quick to train on images of 28 to 32 pixels.

After Page, How to Train Your ResNet, 2018: three stages that double the channels and halve height
and width, residual pairs in the first and the last.
"""

from __future__ import annotations

from torch import Tensor, nn

from convscope.networks.network import Network, at_least_one
from convscope.networks.registry import register


def convolution_unit(in_channels: int, out_channels: int) -> nn.Sequential:
    """A 3×3 convolution, batch norm and a ReLU: (N, in, H, W) to (N, out, H, W)."""
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
    )


class ResidualPair(nn.Module):
    """Two units beside a shortcut: x + F(x), of the shape of x.

    Args:
        channels: Channels of the input and the output.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.units = nn.Sequential(
            convolution_unit(channels, channels), convolution_unit(channels, channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Add the residual."""
        residual: Tensor = self.units(x)
        return x + residual


@register(
    "resnet9",
    family="ResNet",
    paper="Page, How to Train Your ResNet, 2018",
    image=(3, 32, 32),
)
class ResNet9(Network):
    """Stem, three stages, global max pooling, one dense layer.

    Args:
        in_channels: Channels of the images.
        classes: Number of logits.
        width: Channels of the stem. The shapes beside the layers are for 64 and (3, 32, 32).
    """

    def __init__(self, in_channels: int = 1, classes: int = 10, width: int = 64) -> None:
        super().__init__(in_channels, classes)
        at_least_one("width", width)
        self.features = nn.Sequential(
            convolution_unit(in_channels, width),  # (64, 32, 32)
            convolution_unit(width, 2 * width),
            nn.MaxPool2d(2),  # (128, 16, 16)
            ResidualPair(2 * width),
            convolution_unit(2 * width, 4 * width),
            nn.MaxPool2d(2),  # (256, 8, 8)
            convolution_unit(4 * width, 8 * width),
            nn.MaxPool2d(2),  # (512, 4, 4)
            ResidualPair(8 * width),
        )
        self.maxpool = nn.AdaptiveMaxPool2d(1)
        self.flatten = nn.Flatten()
        self.dense = nn.Linear(8 * width, classes)

    def forward(self, images: Tensor) -> Tensor:
        """From (N, in_channels, height, width) to (N, classes)."""
        logits: Tensor = self.dense(self.flatten(self.maxpool(self.features(images))))
        return logits
