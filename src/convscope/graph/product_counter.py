"""PyTorch's own counter, for operations that there is no rule for, and what it overlooks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode, flop_registry, sdpa_flop_count

_ON_PROCESSORS = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
"""Attention, which the counter knows on GPUs alone."""

_PRODUCTS = re.compile(
    r"rnn|lstm|gru|trilinear|cdist|fft|linalg|attention|transformer|conv|(^|_)(mm|mv|dot|addr)(_|$)"
)
"""Names of PyTorch's operations that multiply numbers with many others and add up."""


class ProductCounter:
    """Counts what is computed while it is entered."""

    def __init__(self) -> None:
        self._counter = FlopCounterMode(
            display=False, custom_mapping={_ON_PROCESSORS: _attention_flops}
        )
        self._names = _OverlookedNames()
        self._entered = ExitStack()

    def __enter__(self) -> ProductCounter:
        """Begin to count."""
        self._entered.enter_context(self._names)  # sees what the counter took apart
        self._entered.enter_context(self._counter)
        return self

    def __exit__(self, *error: object) -> None:
        """End."""
        self._entered.close()

    @property
    def flops(self) -> int:
        """Floating-point operations so far."""
        return int(self._counter.get_total_flops())

    @property
    def overlooked(self) -> tuple[str, ...]:
        """PyTorch's names of the products that the counter has no formula for, each once."""
        return tuple(self._names.found)


class _OverlookedNames(TorchDispatchMode):  # type: ignore[no-untyped-call]
    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.found: dict[str, None] = {}

    def __torch_dispatch__(
        self,
        func: Any,
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        packet = func._overloadpacket
        is_counted = packet in flop_registry or packet == _ON_PROCESSORS
        if not is_counted and _PRODUCTS.search(packet.__name__):
            self.found[packet.__name__] = None
        return func(*args, **(kwargs or {}))


def _attention_flops(
    query: Sequence[int], key: Sequence[int], value: Sequence[int], *_: Any, **__: Any
) -> int:
    """Queries times keys, and the shares that come of them times values, by their shapes."""
    return int(sdpa_flop_count(query, key, value))  # type: ignore[no-untyped-call]
