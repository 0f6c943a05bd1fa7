"""Which tensors no gradient flows back from, as the network detached them."""

from __future__ import annotations

import torch
from torch import Tensor

DETACHING = frozenset({"detach", "data"})
"""The functions that hand the same numbers on, and stop gradients."""


class DetachedTensors:
    """The detached tensors of one call. What operations make of them doesn't belong here."""

    def __init__(self) -> None:
        self._held: dict[int, Tensor] = {}

    def __contains__(self, tensor: Tensor) -> bool:
        return id(tensor) in self._held

    def pass_on(self, function: str, given: Tensor, made: Tensor) -> None:
        """Note what a function that hands the same numbers on does to gradients.

        Args:
            function: Its own name, as in "detach" or "clone".
            given: What it was given.
            made: What it returned, which can be the same tensor.
        """
        copied = made is not given and (given in self or not torch.is_grad_enabled())
        if copied or function in DETACHING:
            self._held[id(made)] = made

    def discard(self, tensor: Tensor) -> None:
        """An operation made or overwrote the tensor, so it is one of its own."""
        self._held.pop(id(tensor), None)
