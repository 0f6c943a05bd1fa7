"""A linear twin of a network, in which every input of every operation matters with positive weight.

What a unit of the twin depends on is what its operations look at, without the accidents of weights
that cancel, ReLUs that are off and maxima that lie elsewhere.
"""

import torch
import torch.nn.functional as F
from torch.overrides import TorchFunctionMode

from convscope.graph.operations.table import find
from convscope.graph.operations.understand import name_of, understand

AVERAGED = {
    "max_pool2d": lambda x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, **_: (
        F.avg_pool2d(x, kernel_size, stride, padding, ceil_mode)
    ),
    "adaptive_max_pool2d": lambda x, output_size, **_: F.adaptive_avg_pool2d(x, output_size),
    "amax": lambda x, dim, **_: x.mean(dim),
}


class Linearized(TorchFunctionMode):
    """Replaces activations by the identity, maxima by means, weights by equal positive numbers."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        name = name_of(func)
        kind, _ = understand(name, args, kwargs) if args else ("", {})
        if find(kind).is_activation or kind in ("batch norm", "dropout"):
            return args[0] * 1
        if name in AVERAGED:
            return AVERAGED[name](*args, **kwargs)
        if name in ("conv2d", "conv_transpose2d", "linear"):
            weight = args[1]
            equal = torch.full_like(weight, 1 / weight[0].numel(), dtype=torch.float64)
            kwargs = {key: value for key, value in kwargs.items() if key != "bias"}
            return func(args[0], equal, None, *args[3:], **kwargs)
        return func(*args, **kwargs)
