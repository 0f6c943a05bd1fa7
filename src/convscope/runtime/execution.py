"""How a network is executed: on which device, in which precision, by which algorithms."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import torch
from torch import nn

from convscope.runtime.convolution_plan import Plan, use_plan
from convscope.runtime.dead_taps import ZeroDeadTaps
from convscope.runtime.tiled_pooling import TiledPooling

Precision: TypeAlias = Literal["float32", "bfloat16"]
Layout: TypeAlias = Literal["channels_last", "contiguous"]


@dataclass(frozen=True)
class Execution:
    """A way to execute a network.

    Attributes:
        device: Where it runs.
        precision: "float32", or "bfloat16" for autocast (weights and sums stay float32).
        threads: On the processor; None leaves PyTorch's setting.
        plan: Convolutions that are computed as matrix products.
        layout: How images and kernels are stored: "channels_last", which convolutions prefer, or
            "contiguous", for networks whose forward pass takes views that need it.
        reason: Why this way, in one line with the figures.
        is_remembered: Whether the same would be chosen the next time: what was measured while
            others kept the machine busy isn't remembered.
    """

    device: torch.device
    precision: Precision
    threads: int | None = None
    plan: Plan = field(default_factory=dict)
    layout: Layout = "channels_last"
    reason: str = "as asked"
    is_remembered: bool = True

    @property
    def memory_format(self) -> torch.memory_format:
        """The layout, as PyTorch names it."""
        return torch.channels_last if self.layout == "channels_last" else torch.contiguous_format

    @contextmanager
    def forward_pass(self) -> Iterator[None]:
        """The context for the forward pass; what it decides holds for the backward pass, too."""
        planned = use_plan(self.plan) if self.plan else nullcontext()
        is_short = self.precision == "bfloat16" and self.device.type == "cpu"
        zeroed = ZeroDeadTaps() if is_short else nullcontext()
        pooled = TiledPooling() if is_short else nullcontext()
        with autocast(self.device, self.precision), planned, zeroed, pooled:
            yield

    @contextmanager
    def using_threads(self) -> Iterator[None]:
        """The context in which this many threads compute; then as many as before."""
        before = torch.get_num_threads()
        torch.set_num_threads(self.threads or before)
        try:
            yield
        finally:
            torch.set_num_threads(before)

    def lay_out(self, images: torch.Tensor) -> torch.Tensor:
        """Images (N, C, H, W) on the device, in the memory format."""
        images = images.to(self.device).contiguous(memory_format=self.memory_format)
        return images.reshape(-1).view(images.shape) if self.layout == "contiguous" else images

    def place(self, network: nn.Module) -> nn.Module:
        """Move the network to the device, its kernels in the memory format; returns it.

        Kernels of 3-D convolutions stay as they are: the format is that of images.
        """
        network.to(self.device)
        for tensor in (*network.parameters(), *network.buffers()):
            if tensor.ndim == 4 and self.layout == "contiguous":
                # Kernels of one channel count as both, whatever their strides; convolutions look
                # at the strides.
                tensor.data = tensor.data.reshape(-1).view(tensor.shape)
            elif tensor.ndim == 4:
                # For the same reason `contiguous` would leave these as they are.
                placed = torch.empty_like(tensor, memory_format=self.memory_format)
                tensor.data = placed.copy_(tensor.data)
        return network

    def __str__(self) -> str:
        return f"{self.device.type}, {self.precision}: {self.reason}"


def autocast(device: torch.device, precision: Precision) -> AbstractContextManager[Any]:
    """The context in which a network computes with this precision."""
    if precision == "float32":
        return nullcontext()
    return torch.autocast(device.type, torch.bfloat16)
