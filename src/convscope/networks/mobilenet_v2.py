"""MobileNetV2 (Sandler, Howard, Zhu, Zhmoginov and Chen, 2018, table 2).

Names and shapes of the weights are torchvision's.
"""

from __future__ import annotations

from torch import Tensor, nn

from convscope.errors import UsageError
from convscope.networks.network import Network
from convscope.networks.registry import register

PAPER = "Sandler et al., MobileNetV2: Inverted Residuals and Linear Bottlenecks, 2018"
STEM = 32
LAST = 1280
BOTTLENECKS = (  # table 2: expansion t, output channels c, repetitions n, stride s of the first
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


def round_channels(channels: float) -> int:
    """The multiple of 8 nearest to `channels`, and never less than nine tenths of it.

    The paper's published code rounds so, because hardware prefers such numbers.
    """
    nearest = max(8, int(channels + 4) // 8 * 8)
    return nearest if nearest >= 0.9 * channels else nearest + 8


def convolution_unit(
    in_channels: int, out_channels: int, kernel_size: int, stride: int = 1, groups: int = 1
) -> nn.Sequential:
    """A convolution, batch norm, and a ReLU that is cut off at 6."""
    return nn.Sequential(
        nn.Conv2d(
            in_channels,
            out_channels,
            kernel_size,
            stride=stride,
            padding=kernel_size // 2,
            groups=groups,
            bias=False,
        ),
        nn.BatchNorm2d(out_channels),
        nn.ReLU6(inplace=True),
    )


class InvertedResidual(nn.Module):
    """Widen by 1×1, filter each channel alone by 3×3, narrow by 1×1 without a ReLU.

    From (N, in_channels, H, W) to (N, out_channels, H / stride, W / stride). The input is added
    where the shapes agree.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        stride: Stride of the 3×3 convolution.
        expansion: How many times wider the middle is; at 1 nothing is widened.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = in_channels * expansion
        widen = [convolution_unit(in_channels, wide, 1)] if expansion > 1 else []
        self.conv = nn.Sequential(
            *widen,
            convolution_unit(wide, wide, 3, stride, groups=wide),
            nn.Conv2d(wide, out_channels, 1, bias=False),
            nn.BatchNorm2d(out_channels),
        )
        self.has_shortcut = stride == 1 and in_channels == out_channels

    def forward(self, x: Tensor) -> Tensor:
        """Add the input where there is a shortcut."""
        residual: Tensor = self.conv(x)
        return x + residual if self.has_shortcut else residual


class MobileNetV2(Network):
    """A convolution, seventeen inverted residuals, a 1×1 convolution, one dense layer.

    Args:
        in_channels: Channels of the images.
        classes: Number of logits.
        width: The paper's width multiplier, which scales all channels (the last only above 1).
        dropout: Probability of dropping an input of the dense layer.
        small_images: Stride 1 in the stem and in the first bottleneck that has 2, so that height
            and width are divided by 8 instead of 32.
    """

    def __init__(
        self,
        in_channels: int = 1,
        classes: int = 10,
        width: float = 1.0,
        dropout: float = 0.2,
        *,
        small_images: bool = False,
    ) -> None:
        super().__init__(in_channels, classes)
        if width <= 0:
            raise UsageError(f"width must be above 0 (1.0 is the paper's), not {width}.")
        channels = round_channels(STEM * width)
        last = round_channels(LAST * max(1.0, width))
        layers: list[nn.Module] = [
            convolution_unit(in_channels, channels, 3, stride=1 if small_images else 2)
        ]
        for i, (expansion, outputs, repetitions, first_stride) in enumerate(BOTTLENECKS):
            for j in range(repetitions):
                stride = first_stride if j == 0 and not (small_images and i == 1) else 1
                block = InvertedResidual(
                    channels, round_channels(outputs * width), stride, expansion
                )
                layers.append(block)
                channels = round_channels(outputs * width)
        layers.append(convolution_unit(channels, last, 1))
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.classifier = nn.Sequential(nn.Dropout(dropout), nn.Linear(last, classes))

    def forward(self, images: Tensor) -> Tensor:
        """From (N, in_channels, height, width) to (N, classes)."""
        logits: Tensor = self.classifier(self.flatten(self.avgpool(self.features(images))))
        return logits


@register(
    "mobilenet-v2",
    family="MobileNet",
    paper=PAPER,
    image=(3, 224, 224),
    native="mobilenet-v2-32px",
)
def mobilenet_v2(
    in_channels: int = 1, classes: int = 10, width: float = 1.0, dropout: float = 0.2
) -> MobileNetV2:
    """For large images."""
    return MobileNetV2(in_channels, classes, width, dropout)


@register("mobilenet-v2-32px", family="MobileNet", paper=PAPER, image=(3, 32, 32))
def mobilenet_v2_32px(
    in_channels: int = 1, classes: int = 10, width: float = 1.0, dropout: float = 0.2
) -> MobileNetV2:
    """For images of 28 to 32 pixels."""
    return MobileNetV2(in_channels, classes, width, dropout, small_images=True)
