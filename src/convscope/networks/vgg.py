"""VGG (Simonyan and Zisserman, 2014, table 1), with and without batch norm.

Five blocks of 3×3 convolutions, each of which ends in pooling that halves height and width. Names
and shapes of the weights are torchvision's. The variants for small images have the same blocks,
which leave one pixel of 32×32, and one dense layer.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from convscope.networks.network import Network, scale_channels
from convscope.networks.registry import register

PAPER = (
    "Simonyan and Zisserman, Very Deep Convolutional Networks for Large-Scale Image Recognition, "
    "2014"
)
BATCH_NORM_PAPER = "Ioffe and Szegedy, Batch Normalization, 2015"
CHANNELS = (64, 128, 256, 512, 512)
VARIANTS = {  # the number of convolutions in each block; the paper's columns A, B, D and E
    "vgg11": (1, 1, 2, 2, 2),
    "vgg13": (2, 2, 2, 2, 2),
    "vgg16": (2, 2, 3, 3, 3),
    "vgg19": (2, 2, 4, 4, 4),
}


def vgg_block(
    convolutions: int,
    in_channels: int,
    out_channels: int,
    *,
    batch_norm: bool = False,
    ceil_mode: bool = False,
) -> nn.Sequential:
    """3×3 convolutions with ReLUs that keep height and width, then pooling that halves them.

    From (N, in_channels, H, W) to (N, out_channels, H / 2, W / 2).

    Args:
        convolutions: How many convolutions there are.
        in_channels: Channels of the block's input.
        out_channels: Channels of every convolution's output.
        batch_norm: Normalize before each ReLU.
        ceil_mode: Round half a pixel up, so that nothing is cut off at the border.
    """
    layers: list[nn.Module] = []
    for channels in (in_channels, *[out_channels] * (convolutions - 1)):
        layers.append(nn.Conv2d(channels, out_channels, 3, padding=1))
        if batch_norm:
            layers.append(nn.BatchNorm2d(out_channels))
        layers.append(nn.ReLU(inplace=True))
    layers.append(nn.MaxPool2d(2, ceil_mode=ceil_mode))
    return nn.Sequential(*layers)


class VGG(Network):
    """Five blocks, then dense layers.

    Args:
        in_channels: Channels of the images.
        classes: Number of logits.
        convolutions: The number of convolutions in each block.
        batch_norm: Normalize after every convolution.
        small_images: One dense layer on one pixel, instead of three on 7×7.
        width: Scales the channels of the convolutions.
        dropout: Probability of dropping a dense layer's input.
    """

    def __init__(
        self,
        in_channels: int = 1,
        classes: int = 10,
        convolutions: tuple[int, ...] = VARIANTS["vgg11"],
        *,
        batch_norm: bool = False,
        small_images: bool = False,
        width: float = 1.0,
        dropout: float = 0.5,
    ) -> None:
        super().__init__(in_channels, classes)
        channels = (in_channels, *(scale_channels(c, width) for c in CHANNELS))
        blocks = [
            vgg_block(n, inputs, outputs, batch_norm=batch_norm, ceil_mode=small_images)
            for n, inputs, outputs in zip(convolutions, channels, channels[1:], strict=False)
        ]
        # (64, 112, 112), (128, 56, 56), (256, 28, 28), (512, 14, 14), (512, 7, 7) of 224×224
        self.features = nn.Sequential(*(layer for block in blocks for layer in block))
        grid = 1 if small_images else 7
        self.avgpool = nn.AdaptiveAvgPool2d(grid)
        self.flatten = nn.Flatten()
        flat = channels[-1] * grid * grid
        self.classifier = (
            nn.Sequential(nn.Dropout(dropout), nn.Linear(flat, classes))
            if small_images
            else nn.Sequential(
                nn.Linear(flat, 4096),
                nn.ReLU(inplace=True),
                nn.Dropout(dropout),
                nn.Linear(4096, 4096),
                nn.ReLU(inplace=True),
                nn.Dropout(dropout),
                nn.Linear(4096, classes),
            )
        )

    def forward(self, images: Tensor) -> Tensor:
        """From (N, in_channels, height, width) to (N, classes)."""
        logits: Tensor = self.classifier(self.flatten(self.avgpool(self.features(images))))
        return logits


def _register(name: str, **settings: Any) -> None:
    small = settings["small_images"]

    @register(
        name,
        family="VGG",
        paper=f"{PAPER}; {BATCH_NORM_PAPER}" if settings["batch_norm"] else PAPER,
        image=(3, 32, 32) if small else (1, 224, 224),
        native=None if small else f"{name}-32px",
    )
    def build(
        in_channels: int = 1, classes: int = 10, width: float = 1.0, dropout: float = 0.5
    ) -> VGG:
        return VGG(in_channels, classes, width=width, dropout=dropout, **settings)


for _small in (False, True):
    for _name, _convolutions in VARIANTS.items():
        for _batch_norm in (False, True):
            _register(
                f"{_name}{'-bn' * _batch_norm}{'-32px' * _small}",
                convolutions=_convolutions,
                batch_norm=_batch_norm,
                small_images=_small,
            )
