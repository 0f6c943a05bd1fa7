"""An exponential moving average of a network's weights."""

from __future__ import annotations

import torch
from torch import nn


class WeightAverage:
    """A second network whose weights follow those of the first, smoothed over steps.

    Early on the average forgets faster than `decay`, (1 + t) / (10 + t) at step t, so that the
    random weights of the start don't linger. Buffers (the moving statistics of batch
    normalization) are copied as they are: they're averages already.

    Args:
        network: A copy of the network that is trained; becomes the average.
        decay: Share of the average that each step keeps.

    Attributes:
        network: The average; its parameters have no gradients.
        decay: Share of the average that each step keeps.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.network = network.requires_grad_(requires_grad=False)
        self.decay = decay

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Move the average towards the weights that a step has left.

        Args:
            network: The network that is trained.
            step: Steps taken before this one.
        """
        decay = min(self.decay, (1 + step) / (10 + step))
        averages: list[torch.Tensor] = list(self.network.parameters())
        weights: list[torch.Tensor] = list(network.parameters())
        torch._foreach_lerp_(averages, weights, 1 - decay)
        for kept, new in zip(self.network.buffers(), network.buffers(), strict=True):
            kept.copy_(new)
