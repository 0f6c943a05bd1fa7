"""PyTorch's own counter, for operations that there is no rule for, and what it overlooks.

Some products it has no formula for; those that have one are in `product_formulas`. A fused
operation, as oneDNN's whole LSTM, is taken apart by running the function on tensors without
numbers in plain steps (`in_plain_steps`, `PLAIN_DEVICES`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode, flop_registry

from convscope.graph.product_formulas import FORMULAS

_PRODUCTS = re.compile(
    r"rnn|lstm|gru|trilinear|cdist|pdist|fft|linalg|attention|transformer|conv|affine_grid"
    r"|cholesky|lu_solve|triangular_solve"
    r"|(^|_)(add)?(mm|mv|bmm|dot|addr)(_|$)"
)
"""Names of PyTorch's operations that multiply numbers with many others and add up."""

_NO_PRODUCTS = re.compile(
    r"thnn_fused|vector_norm|check_errors|linalg_cross|lu_unpack|linalg_diagonal"
)
"""Names that look like them: the gates of a cell after its products, norms, checks."""

_MOVING = """
    _to_copy copy_ clone index gather scatter scatter_ index_select index_put index_copy index_fill
    masked_fill_ masked_scatter masked_select embedding embedding_dense_backward cat stack unfold
    pixel_shuffle flip roll triu tril diag_embed transpose_ _unsafe_view select_backward
    slice_backward constant_pad_nd reflection_pad1d reflection_pad2d replication_pad1d
    replication_pad2d nonzero lift_fresh _local_scalar_dense one_hot unique_consecutive _unique2
"""
_MADE = """
    arange linspace logspace eye zeros ones full scalar_tensor empty empty_like zeros_like ones_like
    full_like new_zeros new_ones new_full new_empty new_empty_strided rand randn rand_like
    randn_like randint randperm bernoulli multinomial exponential_ uniform_ normal_ hann_window
    hamming_window
"""
_REDUCING = """
    sum mean prod std var std_mean var_mean amax amin max min aminmax argmax argmin all any median
    nanmedian mode kthvalue sort topk logsumexp linalg_vector_norm norm count_nonzero cumsum cumprod
    cummax cummin logcumsumexp scatter_add scatter_add_ scatter_reduce index_add index_add_ _softmax
    _log_softmax histc bincount bucketize searchsorted col2im im2col
"""
_RESAMPLING = """
    grid_sampler_2d grid_sampler_3d max_pool1d_with_indices max_pool2d_with_indices
    max_pool3d_with_indices max_unpool2d max_unpool3d fractional_max_pool2d fractional_max_pool3d
    avg_pool1d avg_pool2d avg_pool3d upsample_nearest2d upsample_bilinear2d upsample_bicubic2d
"""
_WITHOUT_PRODUCTS = frozenset((_MOVING + _MADE + _REDUCING + _RESAMPLING).split())
"""Names of those that count as nothing, beside PyTorch's views and elementwise ones: they move
numbers, make them, or reduce or resample them with a few steps for each, as sums and pooling do."""


class ProductCounter:
    """Counts what is computed while it is entered."""

    def __init__(self) -> None:
        self._counter = FlopCounterMode(display=False, custom_mapping=dict(FORMULAS))
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
    def is_complete(self) -> bool:
        """Whether all that was computed is counted, or counts as nothing by convention."""
        return self._names.are_known


class _OverlookedNames(TorchDispatchMode):  # type: ignore[no-untyped-call]
    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.found: dict[str, None] = {}
        self.are_known = True

    def __torch_dispatch__(
        self,
        func: Any,
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        packet = func._overloadpacket
        name = packet.__name__
        is_counted = packet in flop_registry or packet in FORMULAS
        is_free = (
            func.is_view
            or torch.Tag.pointwise in func.tags
            or func.namespace == "prim"
            or name in _WITHOUT_PRODUCTS
            or _NO_PRODUCTS.search(name) is not None
        )
        if not is_counted and not is_free and _PRODUCTS.search(name):
            self.found[name] = None
        self.are_known &= is_counted or is_free
        return func(*args, **(kwargs or {}))


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
