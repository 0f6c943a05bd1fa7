"""What a network's checkpoints compute a second time, in the backward pass.

A part that runs in `torch.utils.checkpoint` keeps nothing but its input, and is run again when the
backward pass needs what is inside. How far it is run again is PyTorch's affair (the form that isn't
reentrant stops at the last tensor that is needed), so a backward pass on tensors without numbers
is watched: what runs there with gradients switched on is recomputation, for the backward pass
itself runs without.

Source: T. Chen et al., "Training deep nets with sublinear memory cost", 2016, section 4.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from convscope.graph.product_counter import PLAIN_DEVICES, ProductCounter, in_plain_steps
from convscope.graph.restore import leave_as_found
from convscope.runtime.module_output import main_logits
from convscope.runtime.quiet import quiet_torch

_IN_REENTRANT = ContextVar("in a reentrant checkpoint", default=False)


@contextmanager
def in_reentrant_checkpoint() -> Iterator[None]:
    """Within: a part that is run in place of a reentrant checkpoint, to be followed."""
    token = _IN_REENTRANT.set(True)
    try:
        yield
    finally:
        _IN_REENTRANT.reset(token)


def runs_in_checkpoint() -> bool:
    """Whether what runs now is in a checkpoint, of either form."""
    if _IN_REENTRANT.get():
        return True
    hooks = torch._C._autograd._top_saved_tensors_default_hooks(False)
    return hooks is not None and hooks[0].__module__ == "torch.utils.checkpoint"


def count_recomputed_flops(
    network: nn.Module, shape: Sequence[int], dtype: torch.dtype
) -> int | None:
    """Floating-point operations of the forward pass that a backward pass does once more.

    Args:
        network: It is left as it is found.
        shape: That of the images, with their number.
        dtype: Of the images.

    Returns:
        None if it can't be run on tensors without numbers, or what it computes can't be counted.
    """
    for device in PLAIN_DEVICES:
        try:
            with quiet_torch(), in_plain_steps():
                return _count(network, torch.empty(tuple(shape), dtype=dtype, device=device))
        except Exception:  # noqa: S112 - a network of one's own can raise anything
            continue
    return None


def _count(network: nn.Module, images: Tensor) -> int | None:
    def stand_in(tensor: Tensor) -> Tensor:
        made = torch.empty(tensor.shape, dtype=tensor.dtype, device=images.device)
        return nn.Parameter(made, tensor.requires_grad) if tensor.is_leaf else made

    with leave_as_found(network, stand_in):
        logits = main_logits(network(images))
        with _Recomputed() as recomputed:
            if logits.requires_grad:
                logits.sum().backward()  # type: ignore[no-untyped-call]
    return None if recomputed.overlooked else recomputed.flops


class _Recomputed(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts what runs while gradients are switched on."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.flops = 0
        self.overlooked: set[str] = set()

    def __torch_dispatch__(
        self,
        func: Any,
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        if not torch.is_grad_enabled():
            return func(*args, **(kwargs or {}))
        with ProductCounter() as counter:
            made = func(*args, **(kwargs or {}))
        self.flops += counter.flops
        self.overlooked |= set(counter.overlooked)
        return made
