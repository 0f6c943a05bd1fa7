"""Small networks of two inception blocks, or of one path of equal cost in their place.

Source of the block: Szegedy and others, "Going deeper with convolutions", 2014, section 5.
"""

from __future__ import annotations

from torch import nn

from convscope.errors import unknown_name
from convscope.networks.googlenet import ConvolutionUnit, Inception

STEM = 24
SIZES = (8, 12, 16, 2, 4, 4)  # an eighth of GoogLeNet's first block, 3a
SINGLE = 13  # channels with which the one 3×3 path costs as much as the four
DOUBLE = (9, 10)  # the same for two 3×3, which are as deep as the deepest of the four
NARROW, NARROWED = 12, 21  # the same for a 1×1 before the 3×3
PATHS = ("four paths", "3×3", "3×3, 3×3", "1×1, 3×3")


def build_path_network(paths: str = "four paths", *, classes: int = 10) -> nn.Sequential:
    """Build a network for images (N, 1, 8, 8): a convolution, two blocks, averages, a dense layer.

    All kinds take the same number of operations, within 2 percent. Everything is normalized
    by batch norm, as in later versions of GoogLeNet.

    Args:
        paths: What a block is: "four paths", an inception block; "3×3", one convolution;
            "3×3, 3×3", two; or "1×1, 3×3", the second of the four paths by itself, wider.
        classes: How many logits.

    Raises:
        UsageError: There are no such paths.
    """
    if paths not in PATHS:
        raise unknown_name("kind of block", paths, PATHS)
    first, outputs = _block(paths, STEM)
    second, outputs = _block(paths, outputs)
    return nn.Sequential(
        _unit(1, STEM, 3), first, nn.MaxPool2d(2), second,
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(outputs, classes),
    )  # fmt: skip


def _block(paths: str, inputs: int) -> tuple[nn.Module, int]:
    """A block and the number of its output channels."""
    if paths == "four paths":
        block = Inception(inputs, *SIZES, batch_norm=True)
        return block, block.out_channels
    if paths == "3×3":
        return _unit(inputs, SINGLE, 3), SINGLE
    if paths == "3×3, 3×3":
        within, outputs = DOUBLE if inputs == STEM else (DOUBLE[1],) * 2
        return nn.Sequential(_unit(inputs, within, 3), _unit(within, outputs, 3)), outputs
    return nn.Sequential(_unit(inputs, NARROW, 1), _unit(NARROW, NARROWED, 3)), NARROWED


def _unit(inputs: int, outputs: int, kernel: int) -> ConvolutionUnit:
    return ConvolutionUnit(inputs, outputs, kernel, batch_norm=True)
