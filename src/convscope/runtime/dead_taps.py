"""Taps of a kernel that only ever meet padding: their gradient is 0, and is made so.

Where the stride is above 1, or the output smaller than the padding, some places of a kernel lie on
padding at every position. No image enters their gradient, which is therefore 0. In bfloat16 on
processors, oneDNN 3.12 (as PyTorch 2.13 ships it) doesn't write these entries of the weight
gradient: they hold whatever lay in that memory before (docs/dead-taps.md). So it is replaced.
Where images have one channel and the output is one pixel wide, it also gets into taps that do
meet pixels; there is nothing to keep of these, so such convolutions are computed in float32.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

CONVOLUTIONS: dict[Callable[..., Any], int] = {F.conv1d: 1, F.conv2d: 2, F.conv3d: 3}
TRANSPOSED: dict[Callable[..., Any], int] = {
    F.conv_transpose1d: 1,
    F.conv_transpose2d: 2,
    F.conv_transpose3d: 3,
}
_NAMES = ("input", "weight", "bias", "stride", "padding", "dilation", "groups")
_TRANSPOSED_NAMES = (
    "input",
    "weight",
    "bias",
    "stride",
    "padding",
    "output_padding",
    "groups",
    "dilation",
)

Axis = tuple[int, int, int, int, int, int]
"""One axis: pixels, positions of the kernel, taps, stride, padding before the first, dilation."""


@functools.lru_cache(maxsize=4096)
def live_taps(axis: Axis) -> tuple[bool, ...]:
    """Which taps of a kernel meet a pixel at some position, along one axis.

    At position o, tap i meets pixel o · stride − padding + dilation · i.

    Args:
        axis: Number of pixels, of positions of the kernel and of its taps; stride, padding on the
            first side, dilation. For a transposed convolution the pixels are those of the
            output, and the positions those of the input.
    """
    pixels, positions, taps, stride, padding, dilation = axis
    return tuple(
        any(0 <= o * stride - padding + dilation * i < pixels for o in range(positions))
        for i in range(taps)
    )


class _Keep(torch.autograd.Function):
    """The same kernels; on the way back, the gradient where `live`, else 0."""

    @staticmethod
    def forward(ctx: Any, kernels: Tensor, live: Tensor) -> Tensor:
        ctx.live = live
        return kernels.view_as(kernels)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        # Chosen, not multiplied: 0 · NaN is NaN.
        return torch.where(ctx.live, gradient, 0), None


class ZeroDeadTaps(TorchFunctionMode):
    """The context in which every convolution's weight gradient is 0 at dead taps.

    Convolutions without dead taps, as nearly all are, are handed on as they came.
    """

    def __torch_function__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        count = CONVOLUTIONS.get(function) or TRANSPOSED.get(function)
        if count is None or not torch.is_grad_enabled():
            return function(*args, **kwargs)
        names = _NAMES if function in CONVOLUTIONS else _TRANSPOSED_NAMES
        given = {**dict(zip(names, args, strict=False)), **kwargs}
        kernels = given["weight"]
        if kernels.requires_grad:
            axes = _axes(given, count, function in TRANSPOSED)
            if function in CONVOLUTIONS and _is_misread(given, axes):
                return _in_float32(function, given)
            live = [live_taps(axis) for axis in axes]
            if not all(map(all, live)):
                given["weight"] = _Keep.apply(kernels, _mask(live, kernels.device))  # type: ignore[no-untyped-call]
                return function(**given)
        return function(*args, **kwargs)


def _is_misread(given: dict[str, Any], axes: Sequence[Axis]) -> bool:
    """Whether oneDNN takes what lay in memory for pixels, so that no entry can be trusted."""
    channels = given["input"].shape[-len(axes) - 1]
    one_wide = any(positions == 1 for _, positions, *_ in axes)
    return channels == 1 and one_wide and any(stride > 1 for _, _, _, stride, *_ in axes)


def _in_float32(function: Callable[..., Any], given: dict[str, Any]) -> Any:
    """The output in the type that it would have had."""
    names = ("input", "weight", "bias")
    wide = {n: t.float() for n in names if (t := given.get(n)) is not None}
    with torch.autocast("cpu", enabled=False):
        return function(**{**given, **wide}).bfloat16()


def _axes(given: dict[str, Any], count: int, transposed: bool) -> list[Axis]:
    """The axes of a convolution's images and kernels."""
    sizes = given["input"].shape[-count:]
    taps = given["weight"].shape[-count:]
    strides = _each(given.get("stride", 1), count)
    dilations = _each(given.get("dilation", 1), count)
    padding = given.get("padding", 0)
    if isinstance(padding, str):  # "same" puts the smaller half before the first pixel
        totals = [
            d * (k - 1) if padding == "same" else 0 for d, k in zip(dilations, taps, strict=True)
        ]
        before, after = [t // 2 for t in totals], [t - t // 2 for t in totals]
    else:
        before = after = _each(padding, count)
    extra = _each(given.get("output_padding", 0), count)
    axes = []
    for n, k, s, d, first, last, more in zip(
        sizes, taps, strides, dilations, before, after, extra, strict=True
    ):
        span = d * (k - 1) + 1
        if transposed:
            axes.append(((n - 1) * s - 2 * first + span + more, n, k, s, first, d))
        else:
            axes.append((n, (n + first + last - span) // s + 1, k, s, first, d))
    return axes


def _each(value: int | Sequence[int], count: int) -> list[int]:
    numbers = [value] if isinstance(value, int) else list(value)
    return [int(number) for number in (numbers * count if len(numbers) == 1 else numbers)]


def _mask(live: Sequence[Sequence[bool]], device: torch.device) -> Tensor:
    """(taps along each axis): where a tap is live along all of them."""
    mask = torch.ones((), dtype=torch.bool, device=device)
    for axis in live:
        mask = mask[..., None] & torch.tensor(axis, device=device)
    return mask
