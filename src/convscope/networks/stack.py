"""A plain stack of convolutions of any depth, width and kernel size: what a search varies.

Convolutions with batch norm and ReLU in up to three stages, as VGG has them (Simonyan and
Zisserman, 2014): pooling between two stages halves height and width and the channels double. At
the end every channel is averaged and one dense layer follows (Lin, Chen and Yan, "Network in
network", 2013, section 3.2), so that any depth takes any image size.
"""

from __future__ import annotations

from torch import Tensor, nn

from convscope.errors import UsageError
from convscope.networks.network import Network, at_least_one
from convscope.networks.registry import register

STAGES = 3


@register(
    "stack",
    family="VGG",
    paper="after Simonyan and Zisserman, Very Deep Convolutional Networks for Large-Scale Image "
    "Recognition, 2014, and Lin, Chen and Yan, Network In Network, 2013",
    image=(3, 32, 32),
)
class Stack(Network):
    """Convolutions in up to three stages, global average pooling, one dense layer.

    Args:
        in_channels: Channels of the images.
        classes: Number of logits.
        depth: How many convolutions; they are spread over the stages, the first stages get more.
        width: Channels of the first stage; each further one has twice as many.
        kernel: Height and width of every kernel: an odd number, so that maps keep their size.
    """

    def __init__(
        self,
        in_channels: int = 1,
        classes: int = 10,
        depth: int = 4,
        width: int = 32,
        kernel: int = 3,
    ) -> None:
        super().__init__(in_channels, classes)
        at_least_one("depth", depth)
        at_least_one("width", width)
        at_least_one("kernel", kernel)
        if kernel % 2 == 0:
            raise UsageError(f"kernel must be an odd number, such as 3 or 5, not {kernel}.")
        layers: list[nn.Module] = []
        channels = in_channels
        for stage in range(min(depth, STAGES)):
            if stage:
                layers.append(nn.MaxPool2d(2, ceil_mode=True))  # (C, H, W) to (C, H / 2, W / 2)
            of_stage = width * 2**stage
            for _ in range(stage, depth, STAGES):
                layers += [
                    nn.Conv2d(channels, of_stage, kernel, padding=kernel // 2, bias=False),
                    nn.BatchNorm2d(of_stage),
                    nn.ReLU(inplace=True),
                ]
                channels = of_stage
        self.features = nn.Sequential(*layers)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.dense = nn.Linear(channels, classes)

    def forward(self, images: Tensor) -> Tensor:
        """From (N, in_channels, H, W) to (N, classes)."""
        logits: Tensor = self.dense(self.flatten(self.pool(self.features(images))))
        return logits
