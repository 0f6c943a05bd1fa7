"""ResNet (He, Zhang, Ren and Sun, 2015, table 1).

Names and shapes of the weights are torchvision's. As there, a bottleneck that halves height and
width does so in its 3×3 convolution, where the paper has it in the first 1×1.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from convscope.networks.network import Network
from convscope.networks.registry import register

PAPER = "He, Zhang, Ren and Sun, Deep Residual Learning for Image Recognition, 2015"


def projection(in_channels: int, out_channels: int, stride: int) -> nn.Sequential | None:
    """The 1×1 convolution that fits a block's input to its output; None where they fit already."""
    if stride == 1 and in_channels == out_channels:
        return None
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False),
        nn.BatchNorm2d(out_channels),
    )


class BasicBlock(nn.Module):
    """Two 3×3 convolutions beside a shortcut: relu(x + F(x)).

    From (N, in_channels, H, W) to (N, channels, H / stride, W / stride). With F at zero, as when
    `bn2.weight` and `bn2.bias` are, the block hands on an input that is not negative.

    Args:
        in_channels: Channels of the input.
        channels: Channels of both convolutions.
        stride: Stride of the first convolution and of the shortcut.
    """

    expansion = 1

    def __init__(self, in_channels: int, channels: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, channels, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.relu1 = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.downsample = projection(in_channels, channels, stride)
        self.relu2 = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """Add the shortcut to the residual, apply ReLU."""
        residual = self.relu1(self.bn1(self.conv1(x)))
        residual = self.bn2(self.conv2(residual))
        residual += x if self.downsample is None else self.downsample(x)
        output: Tensor = self.relu2(residual)
        return output


class Bottleneck(nn.Module):
    """1×1, 3×3 and 1×1 convolutions beside a shortcut: relu(x + F(x)).

    From (N, in_channels, H, W) to (N, 4 · channels, H / stride, W / stride).

    Args:
        in_channels: Channels of the input.
        channels: Channels of the 3×3 convolution.
        stride: Stride of the 3×3 convolution and of the shortcut.
    """

    expansion = 4

    def __init__(self, in_channels: int, channels: int, stride: int = 1) -> None:
        super().__init__()
        out_channels = channels * self.expansion
        self.conv1 = nn.Conv2d(in_channels, channels, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.relu1 = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(channels, channels, 3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.relu2 = nn.ReLU(inplace=True)
        self.conv3 = nn.Conv2d(channels, out_channels, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(out_channels)
        self.downsample = projection(in_channels, out_channels, stride)
        self.relu3 = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """Add the shortcut to the residual, apply ReLU."""
        residual = self.relu1(self.bn1(self.conv1(x)))
        residual = self.relu2(self.bn2(self.conv2(residual)))
        residual = self.bn3(self.conv3(residual))
        residual += x if self.downsample is None else self.downsample(x)
        output: Tensor = self.relu3(residual)
        return output


VARIANTS = {  # table 1: the block, and how many of them in each stage
    "resnet18": (BasicBlock, (2, 2, 2, 2)),
    "resnet34": (BasicBlock, (3, 4, 6, 3)),
    "resnet50": (Bottleneck, (3, 4, 6, 3)),
    "resnet101": (Bottleneck, (3, 4, 23, 3)),
    "resnet152": (Bottleneck, (3, 8, 36, 3)),
}


class ResNet(Network):
    """Stem, four stages of residual blocks, global average pooling, one dense layer.

    Args:
        in_channels: Channels of the images.
        classes: Number of logits.
        block: The residual block.
        blocks: How many of them in each stage.
        small_images: A 3×3 convolution with stride 1 for a stem, without pooling, in place of a
            7×7 with stride 2 and pooling. The shapes beside the layers are for the latter, basic
            blocks and (1, 96, 96).
    """

    def __init__(
        self,
        in_channels: int = 1,
        classes: int = 10,
        block: type[BasicBlock] | type[Bottleneck] = BasicBlock,
        blocks: tuple[int, int, int, int] = (2, 2, 2, 2),
        *,
        small_images: bool = False,
    ) -> None:
        super().__init__(in_channels, classes)
        kernel_size, stride = (3, 1) if small_images else (7, 2)
        self.conv1 = nn.Conv2d(
            in_channels, 64, kernel_size, stride=stride, padding=kernel_size // 2, bias=False
        )  # (64, 48, 48)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = (
            nn.Identity() if small_images else nn.MaxPool2d(3, stride=2, padding=1)
        )  # (64, 24, 24)
        out = block.expansion
        self.layer1 = stage(block, blocks[0], 64, 64, stride=1)  # (64, 24, 24)
        self.layer2 = stage(block, blocks[1], 64 * out, 128, stride=2)  # (128, 12, 12)
        self.layer3 = stage(block, blocks[2], 128 * out, 256, stride=2)  # (256, 6, 6)
        self.layer4 = stage(block, blocks[3], 256 * out, 512, stride=2)  # (512, 3, 3)
        self.avgpool = nn.AdaptiveAvgPool2d(1)  # (512, 1, 1)
        self.flatten = nn.Flatten()
        self.fc = nn.Linear(512 * out, classes)

    def forward(self, images: Tensor) -> Tensor:
        """From (N, in_channels, height, width) to (N, classes)."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(images))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        logits: Tensor = self.fc(self.flatten(self.avgpool(x)))
        return logits


def stage(
    block: type[BasicBlock] | type[Bottleneck],
    count: int,
    in_channels: int,
    channels: int,
    stride: int,
) -> nn.Sequential:
    """`count` blocks, the first of which may halve height and width and change the channels."""
    following = [block(channels * block.expansion, channels) for _ in range(count - 1)]
    return nn.Sequential(block(in_channels, channels, stride), *following)


def _register(name: str, small: bool, **settings: Any) -> None:
    @register(
        f"{name}-32px" if small else name,
        family="ResNet",
        paper=PAPER,
        image=(3, 32, 32) if small else (1, 96, 96),
        native=None if small else f"{name}-32px",
    )
    def build(in_channels: int = 1, classes: int = 10) -> ResNet:
        return ResNet(in_channels, classes, small_images=small, **settings)


for _small in (False, True):
    for _name, (_block, _blocks) in VARIANTS.items():
        _register(_name, _small, block=_block, blocks=_blocks)
