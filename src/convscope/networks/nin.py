"""Network in Network (Lin, Chen and Yan, 2013).

Every convolution is followed by two of 1×1, a small dense network at each pixel. There is no dense
layer: the last block has one feature map a class, and its mean is the class's logit. `nin` is the
form for 224×224, with AlexNet's windows; `nin-32px` is the paper's own network for CIFAR-10
(section 4.1), its pooling padded so that 28×28 works alike, no ReLU after the logits.
"""

from __future__ import annotations

from torch import Tensor, nn

from convscope.networks.network import Network
from convscope.networks.registry import register

PAPER = "Lin, Chen and Yan, Network in Network, 2013"


def nin_block(
    in_channels: int,
    channels: tuple[int, int, int],
    kernel_size: int,
    stride: int = 1,
    padding: int = 0,
) -> nn.Sequential:
    """A convolution and two of 1×1, each with a ReLU; height and width are the first one's.

    Args:
        in_channels: Channels of the block's input.
        channels: Output channels of the three convolutions.
        kernel_size: Window of the first convolution.
        stride: Stride of the first convolution.
        padding: Padding of the first convolution, on every side.
    """
    first, second, third = channels
    return nn.Sequential(
        nn.Conv2d(in_channels, first, kernel_size, stride=stride, padding=padding),
        nn.ReLU(inplace=True),
        nn.Conv2d(first, second, 1),
        nn.ReLU(inplace=True),
        nn.Conv2d(second, third, 1),
        nn.ReLU(inplace=True),
    )


class NiN(Network):
    """A chain of blocks and pooling, then global average pooling.

    Args:
        in_channels: Channels of the images.
        classes: Number of logits.
        features: The chain; it ends in `classes` feature maps.
    """

    def __init__(self, in_channels: int, classes: int, features: nn.Sequential) -> None:
        super().__init__(in_channels, classes)
        self.features = features
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()

    def forward(self, images: Tensor) -> Tensor:
        """From (N, in_channels, height, width) to (N, classes)."""
        logits: Tensor = self.flatten(self.avgpool(self.features(images)))
        return logits


@register("nin", family="NiN", paper=PAPER, image=(1, 224, 224), native="nin-32px")
def nin(in_channels: int = 1, classes: int = 10, dropout: float = 0.5) -> NiN:
    """For large images."""
    features = nn.Sequential(
        nin_block(in_channels, (96, 96, 96), 11, stride=4),  # (96, 54, 54)
        nn.MaxPool2d(3, stride=2),  # (96, 26, 26)
        nin_block(96, (256, 256, 256), 5, padding=2),  # (256, 26, 26)
        nn.MaxPool2d(3, stride=2),  # (256, 12, 12)
        nin_block(256, (384, 384, 384), 3, padding=1),  # (384, 12, 12)
        nn.MaxPool2d(3, stride=2),  # (384, 5, 5)
        nn.Dropout(dropout),
        nin_block(384, (classes, classes, classes), 3, padding=1),  # (classes, 5, 5)
    )
    return NiN(in_channels, classes, features)


@register("nin-32px", family="NiN", paper=PAPER, image=(3, 32, 32))
def nin_32px(in_channels: int = 1, classes: int = 10, dropout: float = 0.5) -> NiN:
    """For images of 28 to 32 pixels."""
    features = nn.Sequential(
        nin_block(in_channels, (192, 160, 96), 5, padding=2),  # (96, 32, 32)
        nn.MaxPool2d(3, stride=2, padding=1),  # (96, 16, 16)
        nn.Dropout(dropout),
        nin_block(96, (192, 192, 192), 5, padding=2),  # (192, 16, 16)
        nn.AvgPool2d(3, stride=2, padding=1),  # (192, 8, 8)
        nn.Dropout(dropout),
        # Without the last ReLU: where it starts with all logits at 0, nothing is learned.
        nin_block(192, (192, 192, classes), 3, padding=1)[:-1],  # (classes, 8, 8)
    )
    return NiN(in_channels, classes, features)
