"""Average pooling in bfloat16, of few channels, whose windows tile the image: sums, copies of rows.

PyTorch's kernel goes through the channels of every window by itself, which is slow for the 6 of
LeNet: pooling took a third of its training step. Windows that tile have every pixel in just one of
them. So the gradient is a copy of the window's, which the same rows laid one behind the other give
at the speed of memory, and the mean is a sum of rows. Of many channels it gained nothing
(docs/benchmarks.md).
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

FEW_CHANNELS = 32  # from here on PyTorch's kernel is as quick
_NAMES = (
    "input",
    "kernel_size",
    "stride",
    "padding",
    "ceil_mode",
    "count_include_pad",
    "divisor_override",
)


class TiledPooling(TorchFunctionMode):
    """The context in which such pooling takes this way; all else is handed on as it came."""

    def __torch_function__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if function is not F.avg_pool2d:
            return function(*args, **kwargs)
        given = {**dict(zip(_NAMES, args, strict=False)), **kwargs}
        sides = _tiles(**given)
        if sides is None:
            return function(*args, **kwargs)
        return _TiledMean.apply(given["input"], *sides)  # type: ignore[no-untyped-call]


def _tiles(
    input: Tensor,  # noqa: A002 - the names are those of F.avg_pool2d
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> tuple[int, int] | None:
    """Height and width of the windows, if they tile images of few channels that lie last."""
    if input.dtype != torch.bfloat16 or input.ndim != 4 or divisor_override is not None:
        return None
    sides = _pair(kernel_size)
    if _pair(padding) != (0, 0) or (stride is not None and stride != () and _pair(stride) != sides):
        return None
    channels, height, width = input.shape[1:]
    if channels >= FEW_CHANNELS or height % sides[0] or width % sides[1] or not input.numel():
        return None
    return sides if input.permute(0, 2, 3, 1).is_contiguous() else None


class _TiledMean(torch.autograd.Function):
    """The means of windows, and their gradient spread evenly over each."""

    @staticmethod
    def forward(ctx: Any, images: Tensor, high: int, wide: int) -> Tensor:
        """From (N, C, H, W) to (N, C, H / high, W / wide), both channels last."""
        ctx.sides = high, wide
        count, channels, height, width = images.shape
        rows = images.permute(0, 2, 3, 1).reshape(count, height // high, high, width // wide, -1)
        sums = rows[:, :, 0].float()  # (N, H / high, W / wide, wide · C), in float32 as PyTorch's
        for row in range(1, high):
            sums = sums + rows[:, :, row]
        total = sums[..., :channels]
        for first in range(channels, wide * channels, channels):
            total = total + sums[..., first : first + channels]
        mean: Tensor = (total / (high * wide)).to(images.dtype)
        return mean.permute(0, 3, 1, 2)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        """The gradient in the images."""
        high, wide = ctx.sides
        count, channels, height, width = gradient.shape
        pixels = (gradient / (high * wide)).permute(0, 2, 3, 1)
        rows = torch.cat((pixels,) * wide, dim=-1).reshape(count, height, -1)
        spread = torch.cat((rows,) * high, dim=-1)  # (N, H / high, high · W · C)
        images = spread.reshape(count, height * high, width * wide, channels).permute(0, 3, 1, 2)
        return images, None, None


def _pair(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (value[0], value[-1])
