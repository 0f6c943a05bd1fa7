"""GoogLeNet (Szegedy and others, 2014, table 1).

Nine inception blocks in three groups. Three forms differ in normalization, in the windows of the
third path and of pooling, and in the stem:

    =====================  ==========  ==========  =============================  ==================
    name                   batch norm  third path  pooling                        stem
    =====================  ==========  ==========  =============================  ==================
    googlenet              no          5×5         3×3, padded                    7×7, two poolings
    googlenet-torchvision  yes         3×3         3×3 (last 2×2), rounded up     7×7, two poolings
    googlenet-32px         yes         5×5         3×3, padded                    3×3, one pooling
    =====================  ==========  ==========  =============================  ==================

The 3×3 of the second is an old slip that its published weights need. The two auxiliary classifiers
of the paper are left out; they mattered before batch norm, and only while training.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from convscope.errors import UsageError
from convscope.networks.network import Network
from convscope.networks.registry import register

PAPER = "Szegedy et al., Going Deeper with Convolutions, 2014"
BATCH_NORM_PAPER = "Ioffe and Szegedy, Batch Normalization, 2015"
INCEPTION = {  # table 1: #1×1, #3×3 reduce, #3×3, #5×5 reduce, #5×5, pool proj
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}


class ConvolutionUnit(nn.Module):
    """A convolution, batch norm if wanted, a ReLU.

    From (N, in_channels, H, W) to (N, out_channels, H', W').

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        kernel_size: Window; padded so that at stride 1 height and width stay.
        stride: Stride.
        batch_norm: Normalize before the ReLU.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        *,
        batch_norm: bool,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            in_channels,
            out_channels,
            kernel_size,
            stride=stride,
            padding=kernel_size // 2,
            bias=not batch_norm,
        )
        self.bn = nn.BatchNorm2d(out_channels, eps=0.001) if batch_norm else nn.Identity()
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve, normalize, apply ReLU."""
        output: Tensor = self.relu(self.bn(self.conv(x)))
        return output


class Inception(nn.Module):
    """Four paths side by side, their outputs stacked; all keep height and width.

    From (N, in_channels, H, W) to (N, c1 + c3 + c5 + pooled, H, W).

    Args:
        in_channels: Channels of the input.
        c1: Channels of path 1, a 1×1 convolution.
        r3: Channels to which path 2 reduces before its 3×3 convolution.
        c3: Channels of path 2.
        r5: Channels to which path 3 reduces before its 5×5 convolution.
        c5: Channels of path 3.
        pooled: Channels of path 4, pooling and a 1×1 convolution.
        third_kernel: Window of path 3, which is 5 in the paper.
        batch_norm: Normalize before every ReLU.
    """

    def __init__(
        self,
        in_channels: int,
        c1: int,
        r3: int,
        c3: int,
        r5: int,
        c5: int,
        pooled: int,
        *,
        third_kernel: int = 5,
        batch_norm: bool = False,
    ) -> None:
        super().__init__()

        def unit(inputs: int, outputs: int, kernel_size: int) -> ConvolutionUnit:
            return ConvolutionUnit(inputs, outputs, kernel_size, batch_norm=batch_norm)

        self.branch1 = unit(in_channels, c1, 1)
        self.branch2 = nn.Sequential(unit(in_channels, r3, 1), unit(r3, c3, 3))
        self.branch3 = nn.Sequential(unit(in_channels, r5, 1), unit(r5, c5, third_kernel))
        self.branch4 = nn.Sequential(
            nn.MaxPool2d(3, stride=1, padding=1), unit(in_channels, pooled, 1)
        )
        self.out_channels = c1 + c3 + c5 + pooled

    def forward(self, x: Tensor) -> Tensor:
        """Run the four paths and stack their channels."""
        paths = (self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x))
        return torch.cat(paths, dim=1)


class GoogLeNet(Network):
    """Stem, nine inception blocks in three groups, global average pooling, one dense layer.

    The layers run in the order in which they are made; the shapes beside them are for (1, 96, 96).

    Args:
        in_channels: Channels of the images.
        classes: Number of logits.
        batch_norm: Normalize after every convolution.
        third_kernel: Window of the third path of each inception block.
        pools: The four poolings: two in the stem, then between the groups of inception blocks.
        stem_kernel: Window of the first convolution.
        stem_stride: Stride of the first convolution.
        dropout: Probability of dropping an input of the dense layer.
        transform_input: Take images normalized by ImageNet's mean and deviation, and bring them
            to the range from -1 to 1 that the published weights were trained with.
    """

    def __init__(
        self,
        in_channels: int,
        classes: int,
        *,
        batch_norm: bool,
        third_kernel: int,
        pools: Sequence[nn.Module],
        stem_kernel: int,
        stem_stride: int,
        dropout: float,
        transform_input: bool = False,
    ) -> None:
        super().__init__(in_channels, classes)
        if transform_input and in_channels != 3:
            raise UsageError(f"transform_input is for images of 3 channels, not {in_channels}.")
        self.transform_input = transform_input

        def unit(inputs: int, outputs: int, kernel_size: int, stride: int = 1) -> ConvolutionUnit:
            return ConvolutionUnit(inputs, outputs, kernel_size, stride, batch_norm=batch_norm)

        self.conv1 = unit(in_channels, 64, stem_kernel, stem_stride)  # (64, 48, 48)
        self.maxpool1 = pools[0]  # (64, 24, 24)
        self.conv2 = unit(64, 64, 1)
        self.conv3 = unit(64, 192, 3)  # (192, 24, 24)
        self.maxpool2 = pools[1]  # (192, 12, 12)
        channels = 192
        for name, sizes in INCEPTION.items():
            block = Inception(channels, *sizes, third_kernel=third_kernel, batch_norm=batch_norm)
            self.add_module(f"inception{name}", block)
            channels = block.out_channels
            if name == "3b":
                self.maxpool3 = pools[2]  # (480, 6, 6)
            if name == "4e":
                self.maxpool4 = pools[3]  # (832, 3, 3)
        self.avgpool = nn.AdaptiveAvgPool2d(1)  # (1024, 1, 1)
        self.flatten = nn.Flatten()
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(channels, classes)

    def forward(self, images: Tensor) -> Tensor:
        """From (N, in_channels, height, width) to (N, classes)."""
        x = _to_unit_range(images) if self.transform_input else images
        for layer in self.children():
            x = layer(x)
        return x

    def published_name(self, name: str) -> str | None:
        """The auxiliary classifiers have no counterpart here."""
        return None if name.startswith(("aux1.", "aux2.")) else name


def _to_unit_range(images: Tensor) -> Tensor:
    """From (pixel - mean) / deviation, with ImageNet's, to (pixel - 0.5) / 0.5."""
    mean, deviation = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    scale = images.new_tensor([d / 0.5 for d in deviation])
    shift = images.new_tensor([(m - 0.5) / 0.5 for m in mean])
    return images * scale[:, None, None] + shift[:, None, None]


def _padded_pool() -> nn.MaxPool2d:
    return nn.MaxPool2d(3, stride=2, padding=1)


def _rounded_up_pool(kernel_size: int) -> nn.MaxPool2d:
    return nn.MaxPool2d(kernel_size, stride=2, ceil_mode=True)


@register("googlenet", family="GoogLeNet", paper=PAPER, image=(1, 96, 96), native="googlenet-32px")
def googlenet(in_channels: int = 1, classes: int = 10, dropout: float = 0.0) -> GoogLeNet:
    """The form courses teach, without batch norm."""
    return GoogLeNet(
        in_channels,
        classes,
        batch_norm=False,
        third_kernel=5,
        pools=[_padded_pool() for _ in range(4)],
        stem_kernel=7,
        stem_stride=2,
        dropout=dropout,
    )


@register(
    "googlenet-torchvision",
    family="GoogLeNet",
    paper=f"{PAPER}; {BATCH_NORM_PAPER}",
    image=(3, 224, 224),
    native="googlenet-32px",
)
def googlenet_torchvision(
    in_channels: int = 1, classes: int = 10, dropout: float = 0.2, transform_input: bool = False
) -> GoogLeNet:
    """The form whose names and shapes are torchvision's."""
    return GoogLeNet(
        in_channels,
        classes,
        batch_norm=True,
        third_kernel=3,
        pools=[_rounded_up_pool(kernel_size) for kernel_size in (3, 3, 3, 2)],
        stem_kernel=7,
        stem_stride=2,
        dropout=dropout,
        transform_input=transform_input,
    )


@register(
    "googlenet-32px",
    family="GoogLeNet",
    paper=f"{PAPER}; {BATCH_NORM_PAPER}",
    image=(3, 32, 32),
)
def googlenet_32px(in_channels: int = 1, classes: int = 10, dropout: float = 0.2) -> GoogLeNet:
    """For images of 28 to 32 pixels: the stem looks at all of them, the last blocks at 4 × 4."""
    return GoogLeNet(
        in_channels,
        classes,
        batch_norm=True,
        third_kernel=5,
        pools=[nn.Identity(), _padded_pool(), _padded_pool(), _padded_pool()],
        stem_kernel=3,
        stem_stride=1,
        dropout=dropout,
    )
