"""MobileNet (Howard and others, 2017, table 1)."""

from __future__ import annotations

from torch import Tensor, nn

from convscope.networks.network import Network, scale_channels
from convscope.networks.registry import register

PAPER = (
    "Howard et al., MobileNets: Efficient Convolutional Neural Networks for Mobile Vision "
    "Applications, 2017"
)
STEM = 32
SEPARABLE = (  # table 1: stride of the depthwise, output channels of the 1×1 convolution
    (1, 64),
    (2, 128),
    (1, 128),
    (2, 256),
    (1, 256),
    (2, 512),
    *[(1, 512)] * 5,
    (2, 1024),
    (1, 1024),  # printed with stride 2, which its own output size, 7×7, contradicts
)


def separable_convolution(in_channels: int, out_channels: int, stride: int = 1) -> nn.Sequential:
    """A 3×3 convolution of each channel alone, then a 1×1 across channels; both normalized.

    From (N, in_channels, H, W) to (N, out_channels, H / stride, W / stride). The two take
    9 · in_channels + in_channels · out_channels weights in place of 9 · in_channels · out_channels.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        stride: Stride of the depthwise convolution.
    """
    return nn.Sequential(
        nn.Conv2d(
            in_channels, in_channels, 3, stride=stride, padding=1, groups=in_channels, bias=False
        ),
        nn.BatchNorm2d(in_channels),
        nn.ReLU(inplace=True),
        nn.Conv2d(in_channels, out_channels, 1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
    )


class MobileNetV1(Network):
    """One ordinary convolution, thirteen separable ones, one dense layer.

    Args:
        in_channels: Channels of the images.
        classes: Number of logits.
        width: The paper's width multiplier α, which scales all channels.
        small_images: Stride 1 in the stem and the first separable convolution that has 2, so
            that height and width are divided by 8 instead of 32.
    """

    def __init__(
        self,
        in_channels: int = 1,
        classes: int = 10,
        width: float = 1.0,
        *,
        small_images: bool = False,
    ) -> None:
        super().__init__(in_channels, classes)
        stride = 1 if small_images else 2
        channels = scale_channels(STEM, width)
        layers: list[nn.Module] = [
            nn.Conv2d(in_channels, channels, 3, stride=stride, padding=1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(inplace=True),
        ]
        for i, (stride, outputs) in enumerate(SEPARABLE):
            if small_images and i == 1:
                stride = 1
            layers.append(separable_convolution(channels, scale_channels(outputs, width), stride))
            channels = scale_channels(outputs, width)
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.classifier = nn.Linear(channels, classes)

    def forward(self, images: Tensor) -> Tensor:
        """From (N, in_channels, height, width) to (N, classes)."""
        logits: Tensor = self.classifier(self.flatten(self.avgpool(self.features(images))))
        return logits


@register(
    "mobilenet-v1",
    family="MobileNet",
    paper=PAPER,
    image=(3, 224, 224),
    native="mobilenet-v1-32px",
)
def mobilenet_v1(in_channels: int = 1, classes: int = 10, width: float = 1.0) -> MobileNetV1:
    """For large images."""
    return MobileNetV1(in_channels, classes, width)


@register("mobilenet-v1-32px", family="MobileNet", paper=PAPER, image=(3, 32, 32))
def mobilenet_v1_32px(in_channels: int = 1, classes: int = 10, width: float = 1.0) -> MobileNetV1:
    """For images of 28 to 32 pixels."""
    return MobileNetV1(in_channels, classes, width, small_images=True)
