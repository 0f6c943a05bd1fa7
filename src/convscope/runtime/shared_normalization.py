"""Batch normalization over the parts of a batch that several processes hold.

Ioffe and Szegedy 2015, algorithms 1 and 2, with the sums over the batch added up over processes.
PyTorch's `SyncBatchNorm` does this for GPUs alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import MethodType
from typing import Any, TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

AddUp: TypeAlias = Callable[[Tensor], None]


class _NormalizeTogether(torch.autograd.Function):
    """Normalize a part of a batch by the statistics of the whole batch."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor | None,
        bias: Tensor | None,
        eps: float,
        counts: bool,
        add_up: AddUp,
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Normalized x, and mean, variance and number of values per channel of the whole batch.

        Args:
            ctx: For the backward pass.
            x: (N, C, …) of this process.
            weight: (C,) or None.
            bias: (C,) or None.
            eps: Added to the variance.
            counts: Whether x is part of the batch; if not, it is only normalized as if.
            add_up: Adds float64 numbers up over all processes, in place.
        """
        channels = x.shape[1]
        dims = [0, *range(2, x.ndim)]
        variance, mean = torch.var_mean(x.float(), dims, correction=0)
        number = float(x.numel() // channels) if counts else 0.0
        mean, variance = mean.double(), variance.double()
        sums = torch.cat([mean, variance + mean.square(), torch.ones_like(mean[:1])])  # (2C + 1,)
        sums *= number
        add_up(sums)
        count = sums[-1]
        mean = sums[:channels] / count
        variance = (sums[channels:-1] / count - mean.square()).clamp_(min=0)
        mean, variance = mean.float(), variance.float()
        y = F.batch_norm(x, mean, variance, weight, bias, training=False, eps=eps)
        ctx.save_for_backward(x, weight, mean, variance)
        ctx.eps, ctx.add_up, ctx.share = eps, add_up, float(counts) / count
        ctx.mark_non_differentiable(mean, variance, count)
        return y, mean, variance, count

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of x, weight and bias; those of weight and bias are of this part alone.

        Through mean and variance, every value of the batch depends on every other: with x̂ the
        normalized values, dL/dx = w/σ · (dL/dy − mean(dL/dy) − x̂ · mean(dL/dy · x̂)).
        """
        dy = gradients[0]
        x, weight, mean, variance = ctx.saved_tensors
        channels = x.shape[1]
        per_channel = [1, channels, *[1] * (x.ndim - 2)]
        dims = [0, *range(2, x.ndim)]
        deviation = (variance + ctx.eps).rsqrt()
        normalized = (x.float() - mean.view(per_channel)) * deviation.view(per_channel)
        dy_float = dy.float()
        sum_dy, sum_dy_normalized = dy_float.sum(dims), (dy_float * normalized).sum(dims)
        sums = torch.cat([sum_dy, sum_dy_normalized]).double()
        ctx.add_up(sums)
        means = (sums * ctx.share).float()
        scale = deviation if weight is None else deviation * weight.float()
        dx = dy_float - means[:channels].view(per_channel)
        dx -= normalized.mul_(means[channels:].view(per_channel))
        dx = dx.mul_(scale.view(per_channel)).to(x.dtype)
        if weight is None:
            return dx, None, None, None, None, None
        return dx, sum_dy_normalized.to(weight.dtype), sum_dy.to(weight.dtype), None, None, None


@contextmanager
def normalizing_together(
    network: nn.Module, add_up: AddUp, counts: Callable[[], bool]
) -> Iterator[None]:
    """Within: PyTorch's batch normalizations in training mode use statistics of all processes.

    Forward methods are replaced, and put back at the end.

    Args:
        network: Its modules of PyTorch's classes are meant, and those derived without a forward
            method of their own.
        add_up: Adds float64 numbers up over all processes, in place.
        counts: Whether what this process computes on is part of the batch.
    """
    replaced = [module for module in network.modules() if is_batch_norm(module)]
    for module in replaced:
        module.forward = MethodType(_forward(add_up, counts), module)
    try:
        yield
    finally:
        for module in replaced:
            del module.forward


def is_batch_norm(module: nn.Module) -> bool:
    """Whether a module is a batch normalization that PyTorch itself computes."""
    is_plain = "forward" not in vars(module) and type(module).forward is _BatchNorm.forward
    return isinstance(module, _BatchNorm) and is_plain


def _forward(add_up: AddUp, counts: Callable[[], bool]) -> Callable[..., Tensor]:
    def forward(module: Any, x: Tensor) -> Tensor:
        if not module.training:
            return _BatchNorm.forward(module, x)
        y: Tensor
        y, mean, variance, count = _NormalizeTogether.apply(  # type: ignore[no-untyped-call]
            x, module.weight, module.bias, module.eps, counts(), add_up
        )
        if module.track_running_stats and module.running_mean is not None:
            module.num_batches_tracked.add_(1)
            momentum = module.momentum
            if momentum is None:  # a plain mean over all batches
                momentum = 1 / float(module.num_batches_tracked)
            unbiased = variance * (count / (count - 1).clamp(min=1)).to(variance)
            with torch.no_grad():
                module.running_mean.lerp_(mean, momentum)
                module.running_var.lerp_(unbiased, momentum)
        return y

    return forward
