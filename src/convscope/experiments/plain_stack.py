"""The plainest convolutional network: a stack of equal convolutions, to compare their settings."""

from __future__ import annotations

from typing import Literal

from torch import nn


def build_plain_stack(
    *,
    kernel: int = 3,
    channels: int = 16,
    layers: int = 3,
    padding: str = "same",
    padding_mode: Literal["zeros", "reflect", "replicate", "circular"] = "zeros",
    pooled: int = 2,
    classes: int = 10,
) -> nn.Sequential:
    """Build convolutions with ReLU, then the maximum over each of few parts, then a dense layer.

    Weights are drawn as He et al. propose for ReLU ("Delving deep into rectifiers", ICCV 2015), so
    that 20 layers can be trained; biases begin at 0.

    Args:
        kernel: Height and width of every kernel.
        channels: Output channels of every convolution; the image has one.
        layers: How many convolutions.
        padding: "same" keeps height and width; "valid" adds nothing.
        padding_mode: What is added: "zeros", "reflect", "replicate" or "circular".
        pooled: Into how many parts the maps are divided along each side; of each part the dense
            layer gets the maximum.
        classes: How many logits.

    Returns:
        A network for images (N, 1, height, width).
    """
    blocks: list[nn.Module] = []
    for layer in range(layers):
        convolution = nn.Conv2d(
            channels if layer else 1, channels, kernel, padding=padding, padding_mode=padding_mode
        )
        nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
        nn.init.zeros_(convolution.bias)  # type: ignore[arg-type]
        blocks += [convolution, nn.ReLU()]
    head = nn.Linear(pooled**2 * channels, classes)
    return nn.Sequential(*blocks, nn.AdaptiveMaxPool2d(pooled), nn.Flatten(), head)
