"""Networks without convolutions, to compare the others with: a linear model and a perceptron."""

from __future__ import annotations

from torch import Tensor, nn

from convscope.networks.network import Network, at_least_one
from convscope.networks.registry import register


@register(
    "softmax-regression",
    family="Linear",
    paper="Cox, The Regression Analysis of Binary Sequences, 1958",
    image=(1, 28, 28),
)
class SoftmaxRegression(Network):
    """One dense layer from the pixels to the logits; its decisions are linear in the pixels.

    Args:
        in_channels: Channels of the images.
        classes: Number of logits.
        size: Height and width of the images.
    """

    def __init__(self, in_channels: int = 1, classes: int = 10, size: int = 28) -> None:
        super().__init__(in_channels, classes, size)
        self.flatten = nn.Flatten()
        self.dense = nn.Linear(in_channels * size * size, classes)

    def forward(self, images: Tensor) -> Tensor:
        """From (N, in_channels, size, size) to (N, classes)."""
        logits: Tensor = self.dense(self.flatten(images))
        return logits


@register(
    "mlp",
    family="MLP",
    paper="Rumelhart, Hinton and Williams, Learning Representations by Back-Propagating Errors, "
    "1986",
    image=(1, 28, 28),
)
class MLP(Network):
    """A multilayer perceptron with one hidden layer.

    Args:
        in_channels: Channels of the images.
        classes: Number of logits.
        size: Height and width of the images.
        hidden: Units of the hidden layer.
    """

    def __init__(
        self, in_channels: int = 1, classes: int = 10, size: int = 28, hidden: int = 256
    ) -> None:
        super().__init__(in_channels, classes, size)
        at_least_one("hidden", hidden)
        self.flatten = nn.Flatten()
        self.dense1 = nn.Linear(in_channels * size * size, hidden)
        self.relu1 = nn.ReLU(inplace=True)
        self.dense2 = nn.Linear(hidden, classes)

    def forward(self, images: Tensor) -> Tensor:
        """From (N, in_channels, size, size) to (N, classes)."""
        hidden = self.relu1(self.dense1(self.flatten(images)))
        logits: Tensor = self.dense2(hidden)
        return logits
