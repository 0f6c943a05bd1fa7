"""DenseNet (Huang, Liu, van der Maaten and Weinberger, 2016, table 1).

Every layer of a dense block sees the outputs of all layers before it, stacked. The names and shapes
of the weights are torchvision's. `densenet` is the small one that courses teach: four layers a
block, without the 1×1 convolution that narrows a layer's input in the others.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import Any

import torch
from torch import Tensor, nn

from convscope.networks.network import Network
from convscope.networks.registry import register

PAPER = "Huang et al., Densely Connected Convolutional Networks, 2016"
BOTTLENECK = 4  # the paper's "4k": a narrowed input has four times as many channels as the output
VARIANTS = {  # layers in each block, growth rate k, channels of the stem, bottleneck
    "densenet": ((4, 4, 4, 4), 32, 64, None),
    "densenet121": ((6, 12, 24, 16), 32, 64, BOTTLENECK),
    "densenet169": ((6, 12, 32, 32), 32, 64, BOTTLENECK),
    "densenet201": ((6, 12, 48, 32), 32, 64, BOTTLENECK),
}


class DenseLayer(nn.Sequential):
    """Batch norm, ReLU, 3×3 convolution; before it the same with 1×1, if `bottleneck` is set.

    From (N, in_channels, H, W) to (N, growth, H, W).

    Args:
        in_channels: Channels of the input.
        growth: Channels of the output.
        bottleneck: Narrow the input to this many times `growth` channels first.
    """

    def __init__(self, in_channels: int, growth: int, bottleneck: int | None = None) -> None:
        layers: OrderedDict[str, nn.Module] = OrderedDict(
            norm1=nn.BatchNorm2d(in_channels), relu1=nn.ReLU(inplace=True)
        )
        if bottleneck is None:
            layers["conv1"] = nn.Conv2d(in_channels, growth, 3, padding=1, bias=False)
        else:
            narrow = bottleneck * growth
            layers["conv1"] = nn.Conv2d(in_channels, narrow, 1, bias=False)
            layers["norm2"] = nn.BatchNorm2d(narrow)
            layers["relu2"] = nn.ReLU(inplace=True)
            layers["conv2"] = nn.Conv2d(narrow, growth, 3, padding=1, bias=False)
        super().__init__(layers)


class DenseBlock(nn.Module):
    """Layers that each add `growth` channels to what they see.

    From (N, in_channels, H, W) to (N, in_channels + layers · growth, H, W).

    Args:
        layers: How many layers there are.
        in_channels: Channels of the input.
        growth: Channels that each layer adds.
        bottleneck: As in `DenseLayer`.
    """

    def __init__(
        self, layers: int, in_channels: int, growth: int, bottleneck: int | None = None
    ) -> None:
        super().__init__()
        for i in range(layers):
            layer = DenseLayer(in_channels + i * growth, growth, bottleneck)
            self.add_module(f"denselayer{i + 1}", layer)
        self.out_channels = in_channels + layers * growth

    def forward(self, x: Tensor) -> Tensor:
        """Stack every layer's output on its input."""
        for layer in self.children():
            x = torch.cat((x, layer(x)), dim=1)
        return x


class Transition(nn.Sequential):
    """Batch norm, ReLU, 1×1 convolution, average pooling: fewer channels, fewer pixels.

    From (N, in_channels, H, W) to (N, out_channels, H / 2, W / 2).

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(
            OrderedDict(
                norm=nn.BatchNorm2d(in_channels),
                relu=nn.ReLU(inplace=True),
                conv=nn.Conv2d(in_channels, out_channels, 1, bias=False),
                pool=nn.AvgPool2d(2),
            )
        )


class DenseNet(Network):
    """Stem, four dense blocks with a transition between any two, one dense layer.

    Args:
        in_channels: Channels of the images.
        classes: Number of logits.
        layers: Layers in each block.
        growth: Channels that each layer adds.
        stem: Channels of the first convolution.
        bottleneck: As in `DenseLayer`.
        small_images: A 3×3 convolution with stride 1 for a stem, without pooling, in place of a
            7×7 with stride 2 and pooling.
    """

    def __init__(
        self,
        in_channels: int = 1,
        classes: int = 10,
        layers: tuple[int, ...] = (4, 4, 4, 4),
        growth: int = 32,
        stem: int = 64,
        bottleneck: int | None = None,
        *,
        small_images: bool = False,
    ) -> None:
        super().__init__(in_channels, classes)
        self.features = nn.Sequential()
        if small_images:
            conv0 = nn.Conv2d(in_channels, stem, 3, padding=1, bias=False)
        else:
            conv0 = nn.Conv2d(in_channels, stem, 7, stride=2, padding=3, bias=False)
        self.features.add_module("conv0", conv0)
        self.features.add_module("norm0", nn.BatchNorm2d(stem))
        self.features.add_module("relu0", nn.ReLU(inplace=True))
        if not small_images:
            self.features.add_module("pool0", nn.MaxPool2d(3, stride=2, padding=1))
        channels = stem
        for i, count in enumerate(layers, start=1):
            if i > 1:  # half the channels, half the height and width
                self.features.add_module(f"transition{i - 1}", Transition(channels, channels // 2))
                channels //= 2
            block = DenseBlock(count, channels, growth, bottleneck)
            self.features.add_module(f"denseblock{i}", block)
            channels = block.out_channels
        self.features.add_module(f"norm{len(layers) + 1}", nn.BatchNorm2d(channels))
        self.relu = nn.ReLU(inplace=True)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.classifier = nn.Linear(channels, classes)

    def forward(self, images: Tensor) -> Tensor:
        """From (N, in_channels, height, width) to (N, classes)."""
        x = self.avgpool(self.relu(self.features(images)))
        logits: Tensor = self.classifier(self.flatten(x))
        return logits

    def published_name(self, name: str) -> str | None:
        """The oldest published files write a layer's parts as "norm.1" instead of "norm1"."""
        return re.sub(r"(\.denselayer\d+\.(?:norm|conv))\.([12])\.", r"\1\2.", name)


def _register(name: str, small: bool, *settings: Any) -> None:
    @register(
        f"{name}-32px" if small else name,
        family="DenseNet",
        paper=PAPER,
        image=(3, 32, 32) if small else (1, 96, 96),
        native=None if small else f"{name}-32px",
    )
    def build(in_channels: int = 1, classes: int = 10) -> DenseNet:
        return DenseNet(in_channels, classes, *settings, small_images=small)


for _small in (False, True):
    for _name, _settings in VARIANTS.items():
        _register(_name, _small, *_settings)
