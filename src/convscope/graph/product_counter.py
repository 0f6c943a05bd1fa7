"""PyTorch's own counter, for operations that there is no rule for, and what it overlooks.

Some products it has no formula for; those that have a plain one are given here. A fused operation,
as oneDNN's whole LSTM, is taken apart by running the function on tensors without numbers in plain
steps (`in_plain_steps`, `PLAIN_DEVICES`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from math import prod
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode, flop_registry, sdpa_flop_count

_ON_PROCESSORS = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
"""Attention, which the counter knows on GPUs alone."""

_PRODUCTS = re.compile(
    r"rnn|lstm|gru|trilinear|cdist|pdist|fft|linalg|attention|transformer|conv"
    r"|(^|_)(add)?(mm|mv|bmm|dot|addr)(_|$)"
)
"""Names of PyTorch's operations that multiply numbers with many others and add up."""

_NO_PRODUCTS = re.compile(r"thnn_fused|vector_norm|check_errors|linalg_cross")
"""Names that look like them: the gates of a cell after its products, norms, checks."""

_MOVING_OR_ADDING = (
    "col2im im2col embedding embedding_dense_backward _to_copy copy_ clone index gather scatter "
    "scatter_add index_add index_select index_put sum mean amax amin max min cumsum sort topk "
    "lift_fresh empty_like arange zeros ones full scalar_tensor cat stack constant_pad_nd "
    "_unsafe_view unfold pixel_shuffle flip roll"
)
_WITHOUT_PRODUCTS = frozenset(_MOVING_OR_ADDING.split())
"""Names of those that move numbers or add them up, beside PyTorch's views and elementwise ones."""


class ProductCounter:
    """Counts what is computed while it is entered."""

    def __init__(self) -> None:
        self._counter = FlopCounterMode(display=False, custom_mapping=_FORMULAS)
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

    @property
    def has_no_products(self) -> bool:
        """Whether nothing was computed but what is known to multiply no two numbers and add up."""
        return self._names.are_free


class _OverlookedNames(TorchDispatchMode):  # type: ignore[no-untyped-call]
    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.found: dict[str, None] = {}
        self.are_free = True

    def __torch_dispatch__(
        self,
        func: Any,
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        packet = func._overloadpacket
        name = packet.__name__
        is_counted = packet in flop_registry or packet in _FORMULAS
        if not is_counted and _PRODUCTS.search(name) and not _NO_PRODUCTS.search(name):
            self.found[name] = None
        is_elementwise = func.is_view or torch.Tag.pointwise in func.tags
        self.are_free &= is_elementwise or name in _WITHOUT_PRODUCTS
        return func(*args, **(kwargs or {}))


def _attention_flops(
    query: Sequence[int], key: Sequence[int], value: Sequence[int], *_: Any, **__: Any
) -> int:
    """Queries times keys, and the shares that come of them times values, by their shapes."""
    return int(sdpa_flop_count(query, key, value))  # type: ignore[no-untyped-call]


def _trilinear_flops(
    first: Sequence[int],
    second: Sequence[int],
    third: Sequence[int],
    expand_first: Sequence[int],
    expand_second: Sequence[int],
    expand_third: Sequence[int],
    sum_dim: Sequence[int],
    *_: Any,
    **__: Any,
) -> int:
    """Bilinear layers: the first two are multiplied and added up, what comes out with the third.

    As in ATen's `_trilinear`. Each tensor lacks the axes that it is expanded by.
    """
    sizes: dict[int, int] = {}
    given = ((first, expand_first), (second, expand_second), (third, expand_third))
    axes = range(len(first) + len(expand_first))
    for shape, expanded in given:
        own = (axis for axis in axes if axis not in expanded)
        for axis, size in zip(own, shape, strict=True):
            sizes[axis] = max(size, sizes.get(axis, 1))
    of_two = [axis for axis in axes if not (axis in expand_first and axis in expand_second)]
    added_up = [axis for axis in sum_dim if axis in expand_third]
    then = [axis for axis in axes if axis not in added_up]
    return 2 * (prod(sizes[axis] for axis in of_two) + prod(sizes[axis] for axis in then))


def _mv_flops(_: Sequence[int], matrix: Sequence[int], *__: Any, **___: Any) -> int:
    return 2 * prod(matrix)


def _addbmm_flops(
    _: Sequence[int], left: Sequence[int], right: Sequence[int], *__: Any, **___: Any
) -> int:
    return 2 * prod(left) * right[-1]


def _dot_flops(vector: Sequence[int], *_: Any, **__: Any) -> int:
    return 2 * prod(vector)


_FORMULAS = {
    _ON_PROCESSORS: _attention_flops,
    torch.ops.aten._trilinear: _trilinear_flops,
    torch.ops.aten.addmv: _mv_flops,
    torch.ops.aten.addbmm: _addbmm_flops,
    torch.ops.aten.dot: _dot_flops,
    torch.ops.aten.vdot: _dot_flops,
}


PLAIN_DEVICES = ("meta", "cpu")
"""Devices of tensors without numbers, in the order in which they are tried.

oneDNN's recurrent layers, one operation that no counter sees into, are for processors alone. Some
functions make tensors of their own, on the processor, and can be run only there.
"""


@contextmanager
def in_plain_steps() -> Iterator[None]:
    """Within: tensors that are made have no numbers, and attention is taken in plain steps.

    In its fused forms it computes the forward pass once more while going backwards.
    """
    with (
        torch.inference_mode(mode=False),
        FakeTensorMode(allow_non_fake_inputs=True),
        torch.enable_grad(),
        sdpa_kernel(SDPBackend.MATH),
    ):
        yield
