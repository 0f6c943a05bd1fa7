"""AlexNet with few channels: its first layer as sources disagree about it, and for 28 pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import nn

from convscope.errors import unknown_name
from convscope.networks.alexnet import AlexNet
from convscope.runs.recipe import Recipe, named

CHANNELS = (8, 16, 24, 24, 16)  # the textbook: 96, 256, 384, 384, 256
HIDDEN = 128  # the textbook: 4096


@dataclass(frozen=True)
class AlexNetInput:
    """How images reach AlexNet's first convolution.

    Attributes:
        size: Height and width that the images are resized to.
        before: Rows and columns of zeros above and to the left of them.
        after: The same below and to the right.
        small: A first convolution of 3×3 with stride 1 and padded pooling, for 28 to 32 pixels;
            otherwise 11×11 with stride 4.
    """

    size: int
    before: int
    after: int
    small: bool = False


ALEXNET_INPUTS: dict[str, AlexNetInput] = {
    "224, padding 1": AlexNetInput(224, 1, 1),  # the textbook
    "224, padding 2": AlexNetInput(224, 2, 2),  # torchvision
    "227, no padding": AlexNetInput(227, 0, 0),  # Caffe
    "224, padding 3 and 4": AlexNetInput(224, 3, 4),  # TensorFlow's "same"
    "28": AlexNetInput(28, 1, 1, small=True),
}
"""The readings of AlexNet's first layer, and the form for small images, by name."""


def build_small_alexnet(
    given: str = "224, padding 1",
    *,
    dropout: float = 0.5,
    channels: tuple[int, int, int, int, int] = CHANNELS,
    hidden: int = HIDDEN,
) -> nn.Sequential:
    """Build AlexNet for grey images, with few channels and one of `ALEXNET_INPUTS`.

    Args:
        given: How images reach the first convolution.
        dropout: Probability of dropping a hidden unit.
        channels: Output channels of the convolutions.
        hidden: Units of the two hidden dense layers.

    Returns:
        Padding, then AlexNet, for images (N, 1, size, size) of the size of `given`; 10 logits.

    Raises:
        UsageError: There is no such input.
    """
    if given not in ALEXNET_INPUTS:
        raise unknown_name("input of AlexNet", given, ALEXNET_INPUTS)
    images = ALEXNET_INPUTS[given]
    network = AlexNet(
        size=images.size + images.before + images.after,
        stem=(3, 1, 0) if images.small else (11, 4, 0),
        channels=channels,
        pool_padding=1 if images.small else 0,
        hidden=hidden,
        dropout=dropout,
    )
    return nn.Sequential(nn.ZeroPad2d((images.before, images.after) * 2), network)


def alexnet_recipe(data: str, **changes: Any) -> Recipe:
    """A recipe with which a small AlexNet learns in few steps: Xavier, Adam with rate 0.002.

    The book's rate of 0.01 with plain SGD takes thousands of steps.

    Args:
        data: Name of a data set.
        **changes: Fields of the recipe to change, such as `size=28`.

    Raises:
        UsageError: There is no such field, or a value isn't accepted.
    """
    settings = {"optimizer": "adam", "learning_rate": 0.002, "batch_size": 32, "threads": 1}
    return named("book", "alexnet", data).replace(**settings | changes)
