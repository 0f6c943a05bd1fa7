"""First weights that images decide: every channel varies alike, whatever the depth."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn

from convscope.networks.initialization import initialize
from convscope.runtime.training_mode import modes_kept

Layer = nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d
LEAST_DEVIATION = 1e-6  # a channel that varies less is constant, but for rounding


@torch.no_grad()
def initialize_by_images(network: nn.Module, images: Tensor) -> None:
    """Set the weights of all dense and convolution layers anew, so that no unit begins dead.

    They are drawn by the rule "kaiming". Then, from the first layer to the last, those of each
    output channel are divided by the standard deviation that the channel has over the images
    and their pixels, and its bias is set so that its mean is 0 (Krähenbühl and others,
    "Data-dependent Initializations of Convolutional Neural Networks", 2016, section 3.1). So each
    ReLU passes some images, one behind the logits as well, and the signal neither fades nor grows
    with depth. A layer that is used twice goes by its first use; one without bias keeps its mean,
    and a channel that is the same everywhere its weights. Transposed convolutions are only drawn.

    Args:
        network: Changed in place; its modes, and the statistics of batch normalization, are kept.
        images: Images (N, C, H, W) as the network takes them, some dozens of all classes.
    """
    initialize(network, "kaiming")
    done: set[nn.Module] = set()
    hooks = [
        layer.register_forward_hook(partial(_standardize, done))
        for layer in network.modules()
        if isinstance(layer, Layer)
    ]
    try:
        with modes_kept(network):
            network.eval()(images)
    finally:
        for hook in hooks:
            hook.remove()


def _standardize(
    done: set[nn.Module], layer: Layer, inputs: tuple[Tensor], output: Tensor
) -> Tensor:
    """Give each channel of a layer's output the mean 0 and the deviation 1; the output then."""
    if layer in done:
        return output
    done.add(layer)
    kernel_axes = layer.weight.ndim - 2  # none, where it is dense
    channels = output.movedim(-1 - kernel_axes, 0).flatten(1)
    deviation = channels.std(1, correction=0)
    deviation[deviation < LEAST_DEVIATION] = 1
    layer.weight /= deviation.view(-1, 1, *[1] * kernel_axes)
    if layer.bias is not None:
        layer.bias.sub_(channels.mean(1)).div_(deviation)
    scaled: Tensor = layer.forward(*inputs)
    return scaled
