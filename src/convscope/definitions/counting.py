"""Counting, without computing: parameters, MACs, and how far a unit sees.

One MAC is one product and its addition to a sum; in floating-point operations (FLOPs) it
counts as 2 where the two are told apart. Adding the bias is not counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod
from typing import NamedTuple

from convscope.errors import UsageError


def dense_parameters(inputs: int, outputs: int, *, bias: bool = True) -> int:
    """Return inputs · outputs weights, and one bias for each output."""
    return inputs * outputs + (outputs if bias else 0)


def dense_macs(inputs: int, outputs: int) -> int:
    """Return the MACs of a dense layer for one example: each weight is used once."""
    return inputs * outputs


def convolution_parameters(
    in_channels: int,
    out_channels: int,
    kernel: Sequence[int],
    *,
    groups: int = 1,
    bias: bool = True,
) -> int:
    """Return the parameters of a convolution, the same for images of every size.

        c_i / groups · c_o · k_h · k_w,    and one bias for each output channel

    Args:
        in_channels: c_i.
        out_channels: c_o.
        kernel: Its size in each dimension.
        groups: Groups of channels.
        bias: Whether there are biases.

    Raises:
        UsageError: groups does not divide the channels.
    """
    if groups < 1 or in_channels % groups or out_channels % groups:
        raise UsageError(
            f"groups must divide the {in_channels} input channels and the {out_channels} output "
            f"channels; got {groups}."
        )
    return in_channels // groups * out_channels * prod(kernel) + (out_channels if bias else 0)


def convolution_macs(
    in_channels: int,
    out_channels: int,
    kernel: Sequence[int],
    output: Sequence[int],
    *,
    groups: int = 1,
) -> int:
    """Return the MACs of a convolution for one image.

        c_i / groups · c_o · k_h · k_w · m_h · m_w: each weight is used once for each output pixel

    Args:
        in_channels: c_i.
        out_channels: c_o.
        kernel: (k_h, k_w), or as many as there are dimensions.
        output: The size of the output, (m_h, m_w).
        groups: Groups of channels.

    Raises:
        UsageError: groups does not divide the channels.
    """
    weights = convolution_parameters(in_channels, out_channels, kernel, groups=groups, bias=False)
    return weights * prod(output)


class Window(NamedTuple):
    """What a layer does to the receptive field along one axis. Padding is for each side."""

    kernel: int
    stride: int = 1
    padding: int = 0
    dilation: int = 1


class ReceptiveField(NamedTuple):
    """Which inputs the units of a layer see along one axis.

    Unit i sees from start + i · stride to start + i · stride + size − 1; numbers below 0 or behind
    the last input are padding. The defaults are the image itself.
    """

    size: int = 1
    stride: int = 1
    start: int = 0

    def behind(self, layer: Window) -> ReceptiveField:
        """Return what the units of a layer of convolution or pooling see, behind these units.

            size   ← size + dilation · (kernel − 1) · stride
            start  ← start − padding · stride
            stride ← stride · the layer's stride

        Source: Araujo, Norris and Sim, "Computing receptive fields of convolutional neural
        networks", Distill, 2019.
        """
        return ReceptiveField(
            size=self.size + layer.dilation * (layer.kernel - 1) * self.stride,
            stride=self.stride * layer.stride,
            start=self.start - layer.padding * self.stride,
        )


def receptive_field(layers: Iterable[Window]) -> ReceptiveField:
    """Follow the receptive field through a stack of layers, from the image on."""
    seen = ReceptiveField()
    for layer in layers:
        seen = seen.behind(layer)
    return seen
