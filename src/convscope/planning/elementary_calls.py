"""What a call of one of PyTorch's elementary functions does with memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor


def computes(function: Any) -> bool:
    """Whether a function does more than give another view of its argument or take memory."""
    if function.overloadpacket in _ONLY_MEMORY:
        return False
    returns = function._schema.returns
    return not (returns and returns[0].alias_info and not returns[0].alias_info.is_write)


def convolution_workspaces(function: Any, args: tuple[Any, ...]) -> Iterator[tuple[int, ...]]:
    """Bytes that oneDNN takes for a moment after each result of a convolution.

    Found by listing the allocations of oneDNN 3.12: kernels are copied into its own order, and
    their gradient is summed in float32, in bfloat16 once for each of two threads.
    """
    if function.overloadpacket is torch.ops.aten.convolution:
        yield (_size_of(args[1]),)
    elif function.overloadpacket is torch.ops.aten.convolution_backward:
        kernels = args[2]
        sums = kernels.numel() * 4 * (2 if kernels.dtype == torch.bfloat16 else 1)
        if args[10][0]:
            yield (_size_of(kernels),)
        yield (_size_of(kernels), sums)


_ONLY_MEMORY = {
    torch.ops.aten.empty,
    torch.ops.aten.empty_strided,
    torch.ops.aten.empty_like,
    torch.ops.aten.new_empty,
    torch.ops.aten.as_strided_,
}


def _size_of(tensor: Tensor) -> int:
    return tensor.untyped_storage().nbytes()
