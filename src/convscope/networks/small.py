"""The small net that a first lesson on convolutional networks builds."""

from __future__ import annotations

from collections import OrderedDict

from torch import Tensor, nn

from convscope.networks.network import Network
from convscope.networks.pixels import count_flattened
from convscope.networks.registry import register


@register(
    "small",
    family="LeNet",
    paper="after LeCun, Bottou, Bengio and Haffner, Gradient-Based Learning Applied to Document "
    "Recognition, 1998",
    image=(1, 32, 32),
)
class SmallNet(Network):
    """LeNet's layout with 3×3 kernels, ReLUs and max pooling.

    Args:
        in_channels: Channels of the images.
        classes: Number of logits.
        size: Height and width of the images. The shapes beside the layers are for 32.
    """

    def __init__(self, in_channels: int = 1, classes: int = 10, size: int = 32) -> None:
        super().__init__(in_channels, classes, size)
        self.features = nn.Sequential(
            OrderedDict(
                conv1=nn.Conv2d(in_channels, 6, 3),  # (6, 30, 30)
                relu1=nn.ReLU(inplace=True),
                pool1=nn.MaxPool2d(2),  # (6, 15, 15)
                conv2=nn.Conv2d(6, 16, 3),  # (16, 13, 13)
                relu2=nn.ReLU(inplace=True),
                pool2=nn.MaxPool2d(2),  # (16, 6, 6)
            )
        )
        self.flatten = nn.Flatten()
        self.classifier = nn.Sequential(
            OrderedDict(
                dense1=nn.Linear(count_flattened(self.features, in_channels, size), 120),
                relu1=nn.ReLU(inplace=True),
                dense2=nn.Linear(120, 84),
                relu2=nn.ReLU(inplace=True),
                dense3=nn.Linear(84, classes),
            )
        )

    def forward(self, images: Tensor) -> Tensor:
        """From (N, in_channels, size, size) to (N, classes)."""
        logits: Tensor = self.classifier(self.flatten(self.features(images)))
        return logits
