"""A stack of equal convolutions without padding, of which a middle unit sees what formulas say."""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from convscope.errors import UsageError, unknown_name

ACTIVATIONS: dict[str, tuple[type[nn.Module], float]] = {  # with PyTorch's gain
    "none": (nn.Identity, 1.0),
    "relu": (nn.ReLU, 2**0.5),
    "tanh": (nn.Tanh, 5 / 3),
    "sigmoid": (nn.Sigmoid, 1.0),
}


def build_convolution_stack(
    layers: int,
    *,
    kernel: int = 3,
    channels: int = 8,
    in_channels: int = 1,
    activation: str = "relu",
) -> nn.Sequential:
    """Convolutions "conv1", "conv2", …, each with an activation "act1", … behind it.

    Weights are drawn normal with variance gain² / fan-in (He et al. 2015), with PyTorch's gain for
    the activation, so that signals keep their size; biases are 0. There is no padding: an image of
    `layers` · (kernel − 1) + 1 pixels a side leaves one pixel.

    Args:
        layers: How many.
        kernel: Height and width of every kernel.
        channels: Output channels of every convolution.
        in_channels: Channels of the image.
        activation: "none", "relu", "tanh" or "sigmoid".

    Returns:
        A network for images (N, in_channels, height, width) that gives maps.

    Raises:
        UsageError: No layers, or no such activation.
    """
    if activation not in ACTIVATIONS:
        raise unknown_name("activation", activation, ACTIVATIONS)
    if layers < 1:
        raise UsageError(f"A stack has at least 1 layer; given {layers}.")
    kind, gain = ACTIVATIONS[activation]
    parts: OrderedDict[str, nn.Module] = OrderedDict()
    for number in range(1, layers + 1):
        convolution = nn.Conv2d(in_channels if number == 1 else channels, channels, kernel)
        fan_in = convolution.weight[0].numel()
        nn.init.normal_(convolution.weight, std=gain / fan_in**0.5)
        nn.init.zeros_(convolution.bias)  # type: ignore[arg-type]
        parts[f"conv{number}"], parts[f"act{number}"] = convolution, kind()
    return nn.Sequential(parts)
