"""Copies of a module for one step that is recorded: on tensors without memory, or with numbers."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from convscope.runtime.module_copy import copy_module


def without_memory(network: nn.Module, memory_format: torch.memory_format) -> nn.Module:
    """A copy with fake tensors; to be called in fake tensor mode.

    Args:
        network: Is left as it is.
        memory_format: How the kernels lie.
    """

    def fake(tensor: Tensor) -> Tensor:
        layout = memory_format if tensor.ndim == 4 else torch.contiguous_format
        made = torch.empty(tensor.shape, dtype=tensor.dtype, memory_format=layout)
        return (
            nn.Parameter(made, tensor.requires_grad) if isinstance(tensor, nn.Parameter) else made
        )

    copied = copy_module(network, fake)
    for module in copied.modules():
        if isinstance(module, nn.modules.batchnorm._NormBase) and module.momentum is None:
            module.momentum = 0.1  # the mean of all batches asks how many there were; costs as much
    return copied


def with_memory(network: nn.Module, memory_format: torch.memory_format) -> nn.Module:
    """A copy with the same numbers, for a network that decides by them.

    Args:
        network: Is left as it is.
        memory_format: How the kernels lie.
    """
    copied = copy_module(network)
    copied.to(memory_format=memory_format)  # type: ignore[call-overload]
    return copied
