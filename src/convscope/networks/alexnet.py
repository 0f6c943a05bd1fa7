"""AlexNet (Krizhevsky, Sutskever and Hinton, 2012, section 3.5), on one device.

Local response normalization is left out, as in every later form: the paper's own follow-ups found
that it buys little. The stem is kernel, stride, padding; the grid is what the dense layers see:

    ====================  ========  =======================  =====  ============  ================
    name                  stem      channels                 grid   hidden units  dropout before
    ====================  ========  =======================  =====  ============  ================
    alexnet               11, 4, 1  96, 256, 384, 384, 256   5 × 5  4096          dense 2 and 3
    alexnet-torchvision   11, 4, 2  64, 192, 384, 256, 256   6 × 6  4096          dense 1 and 2
    alexnet-32px          3, 1, 1   96, 256, 384, 384, 256   4 × 4  1024          dense 2 and 3
    ====================  ========  =======================  =====  ============  ================
"""

from __future__ import annotations

from torch import Tensor, nn

from convscope.networks.network import Network
from convscope.networks.pixels import count_flattened
from convscope.networks.registry import register

PAPER = (
    "Krizhevsky, Sutskever and Hinton, ImageNet Classification with Deep Convolutional Neural "
    "Networks, 2012"
)
PAPER_64 = "Krizhevsky, One Weird Trick for Parallelizing Convolutional Neural Networks, 2014"


class AlexNet(Network):
    """Five convolutions and three dense layers.

    Args:
        in_channels: Channels of the images.
        classes: Number of logits.
        size: Height and width of the images; None where `grid` makes the dense layers
            independent of it. The shapes beside the layers are for 224 and the default stem.
        stem: Kernel, stride and padding of the first convolution.
        channels: Output channels of the convolutions.
        pool_padding: Padding of the pooling windows.
        grid: Average the features to this height and width before the dense layers.
        hidden: Units of the two hidden dense layers.
        dropout: Probability of dropping a hidden unit.
        dropout_first: Drop out before the first two dense layers, not before the last two.
    """

    def __init__(
        self,
        in_channels: int = 1,
        classes: int = 10,
        size: int | None = 224,
        *,
        stem: tuple[int, int, int] = (11, 4, 1),
        channels: tuple[int, int, int, int, int] = (96, 256, 384, 384, 256),
        pool_padding: int = 0,
        grid: int | None = None,
        hidden: int = 4096,
        dropout: float = 0.5,
        dropout_first: bool = False,
    ) -> None:
        super().__init__(in_channels, classes, size)
        c1, c2, c3, c4, c5 = channels
        self.features = nn.Sequential(
            nn.Conv2d(in_channels, c1, stem[0], stride=stem[1], padding=stem[2]),  # (96, 54, 54)
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, stride=2, padding=pool_padding),  # (96, 26, 26)
            nn.Conv2d(c1, c2, 5, padding=2),  # (256, 26, 26)
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, stride=2, padding=pool_padding),  # (256, 12, 12)
            nn.Conv2d(c2, c3, 3, padding=1),  # (384, 12, 12)
            nn.ReLU(inplace=True),
            nn.Conv2d(c3, c4, 3, padding=1),  # (384, 12, 12)
            nn.ReLU(inplace=True),
            nn.Conv2d(c4, c5, 3, padding=1),  # (256, 12, 12)
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, stride=2, padding=pool_padding),  # (256, 5, 5)
        )
        self.grid = nn.Identity() if grid is None else nn.AdaptiveAvgPool2d(grid)
        self.flatten = nn.Flatten()
        if grid is not None:
            flat = c5 * grid * grid
        elif size is not None:
            flat = count_flattened(self.features, in_channels, size)  # 6400
        else:
            raise ValueError("AlexNet needs a size or a grid")
        before, after = (dropout, None) if dropout_first else (None, dropout)
        self.classifier = nn.Sequential(
            *_dropout(before),
            nn.Linear(flat, hidden),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
            nn.Linear(hidden, hidden),
            nn.ReLU(inplace=True),
            *_dropout(after),
            nn.Linear(hidden, classes),
        )

    def forward(self, images: Tensor) -> Tensor:
        """From (N, in_channels, height, width) to (N, classes)."""
        logits: Tensor = self.classifier(self.flatten(self.grid(self.features(images))))
        return logits


def _dropout(probability: float | None) -> list[nn.Module]:
    return [] if probability is None else [nn.Dropout(probability)]


@register("alexnet", family="AlexNet", paper=PAPER, image=(1, 224, 224), native="alexnet-32px")
def alexnet(
    in_channels: int = 1, classes: int = 10, size: int = 224, dropout: float = 0.5
) -> AlexNet:
    """The form courses teach: the paper's layers, the two halves of each joined."""
    return AlexNet(in_channels, classes, size, dropout=dropout)


@register(
    "alexnet-torchvision",
    family="AlexNet",
    paper=PAPER_64,
    image=(3, 224, 224),
    native="alexnet-32px",
)
def alexnet_torchvision(in_channels: int = 1, classes: int = 10, dropout: float = 0.5) -> AlexNet:
    """The narrower form of the later paper; names and shapes are torchvision's."""
    return AlexNet(
        in_channels,
        classes,
        size=None,
        stem=(11, 4, 2),
        channels=(64, 192, 384, 256, 256),
        grid=6,
        dropout=dropout,
        dropout_first=True,
    )


@register("alexnet-32px", family="AlexNet", paper=PAPER, image=(3, 32, 32))
def alexnet_32px(in_channels: int = 1, classes: int = 10, dropout: float = 0.5) -> AlexNet:
    """For images of 28 to 32 pixels: padded pooling takes both sizes to 4 × 4."""
    return AlexNet(
        in_channels,
        classes,
        size=None,
        stem=(3, 1, 1),
        pool_padding=1,
        grid=4,
        hidden=1024,
        dropout=dropout,
    )
