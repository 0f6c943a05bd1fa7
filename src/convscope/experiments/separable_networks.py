"""Small networks of full or of depthwise separable convolutions.

Source: Howard and others, "MobileNets: efficient convolutional neural networks for mobile vision
applications", 2017, section 3.1.
"""

from __future__ import annotations

from torch import nn

from convscope.networks.mobilenet_v1 import separable_convolution


def build_separable_network(
    *, separable: bool = True, channels: int = 16, layers: int = 3, classes: int = 10
) -> nn.Sequential:
    """Build a network for images (N, 1, H, W): convolutions, batch norm and ReLU; averages; dense.

    The first convolution is full in both kinds, for an image has one channel.

    Args:
        separable: The others are 3×3 in each channel alone, then 1×1 across channels, both
            normalized and with a ReLU; otherwise full 3×3.
        channels: Of every map.
        layers: How many convolutions, a separable one counted as one.
        classes: How many logits.
    """
    blocks = [_full(1, channels)]
    build = separable_convolution if separable else _full
    blocks += [build(channels, channels) for _ in range(layers - 1)]
    return nn.Sequential(
        *blocks, nn.AdaptiveMaxPool2d(2), nn.Flatten(), nn.Linear(4 * channels, classes)
    )


def _full(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )
