"""LeNet-5 (LeCun, Bottou, Bengio and Haffner, 1998, section II.B), plain and with batch norm.

As today's courses give it: sigmoid after every hidden layer, plain average pooling, and a linear
last layer where the paper has Gaussian connections. The first layer pads by 2, so that images of
28×28 give the paper's shapes, which start from 32×32.
"""

from __future__ import annotations

from collections import OrderedDict

from torch import Tensor, nn

from convscope.networks.network import Network
from convscope.networks.pixels import count_flattened
from convscope.networks.registry import register

PAPER = "LeCun et al., Gradient-Based Learning Applied to Document Recognition, 1998"
BATCH_NORM_PAPER = "Ioffe and Szegedy, Batch Normalization, 2015"


class LeNet(Network):
    """Two convolutions and three dense layers.

    Args:
        in_channels: Channels of the images.
        classes: Number of logits.
        size: Height and width of the images. The shapes beside the layers are for 28.
        batch_norm: Normalize before every sigmoid. With it the sigmoids stay away from their flat
            ends, and a far larger learning rate can be used.
    """

    def __init__(
        self,
        in_channels: int = 1,
        classes: int = 10,
        size: int = 28,
        *,
        batch_norm: bool = False,
    ) -> None:
        super().__init__(in_channels, classes, size)
        features: list[tuple[str, nn.Module]] = [
            ("conv1", nn.Conv2d(in_channels, 6, 5, padding=2)),  # (6, 28, 28)
            ("norm1", nn.BatchNorm2d(6)),
            ("sigmoid1", nn.Sigmoid()),
            ("pool1", nn.AvgPool2d(2)),  # (6, 14, 14)
            ("conv2", nn.Conv2d(6, 16, 5)),  # (16, 10, 10)
            ("norm2", nn.BatchNorm2d(16)),
            ("sigmoid2", nn.Sigmoid()),
            ("pool2", nn.AvgPool2d(2)),  # (16, 5, 5)
        ]
        self.features = nn.Sequential(_chosen(features, batch_norm))
        self.flatten = nn.Flatten()
        classifier: list[tuple[str, nn.Module]] = [
            ("dense1", nn.Linear(count_flattened(self.features, in_channels, size), 120)),
            ("norm1", nn.BatchNorm1d(120)),
            ("sigmoid1", nn.Sigmoid()),
            ("dense2", nn.Linear(120, 84)),
            ("norm2", nn.BatchNorm1d(84)),
            ("sigmoid2", nn.Sigmoid()),
            ("dense3", nn.Linear(84, classes)),
        ]
        self.classifier = nn.Sequential(_chosen(classifier, batch_norm))

    def forward(self, images: Tensor) -> Tensor:
        """From (N, in_channels, size, size) to (N, classes)."""
        logits: Tensor = self.classifier(self.flatten(self.features(images)))
        return logits


def _chosen(layers: list[tuple[str, nn.Module]], batch_norm: bool) -> OrderedDict[str, nn.Module]:
    return OrderedDict((n, layer) for n, layer in layers if batch_norm or not n.startswith("norm"))


@register("lenet", family="LeNet", paper=PAPER, image=(1, 28, 28))
def lenet(in_channels: int = 1, classes: int = 10, size: int = 28) -> LeNet:
    """LeNet without batch norm."""
    return LeNet(in_channels, classes, size)


@register("lenet-bn", family="LeNet", paper=f"{PAPER}; {BATCH_NORM_PAPER}", image=(1, 28, 28))
def lenet_bn(in_channels: int = 1, classes: int = 10, size: int = 28) -> LeNet:
    """LeNet with batch norm before every sigmoid."""
    return LeNet(in_channels, classes, size, batch_norm=True)
