"""Two questions about a layer, answered by trying: is it linear, and which channels does it mix?"""

from __future__ import annotations

import copy

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn


def measure_linearity(layer: nn.Module, *, channels: int = 1, size: int = 16) -> float:
    """How far a layer is from linear: 0, but for rounding, if it is.

    Root mean square of f(x + y) − f(x) − f(y), over that of f(x + y), for noise x and y in double
    precision.

    Args:
        layer: Maps (N, channels, size, size) to anything.
        channels: Of its input.
        size: Height and width of its input.
    """
    random = torch.Generator().manual_seed(0)
    x, y = torch.randn(2, 8, channels, size, size, generator=random, dtype=torch.float64)
    apply = copy.deepcopy(layer).double().eval()
    with torch.no_grad():
        whole, parts = apply(x + y), apply(x) + apply(y)
    return _rms(whole - parts) / _rms(whole)


def find_mixed_channels(layer: nn.Module, channels: int, size: int = 16) -> NDArray[np.bool_]:
    """Which channels of the output change when one channel of the input does.

    Args:
        layer: Maps (N, channels, size, size) to maps.
        channels: Of its input.
        size: Height and width of its input.

    Returns:
        bool (channels, output channels): in row i what reacts to input channel i. A layer that
        keeps channels apart has the diagonal alone.
    """
    random = torch.Generator().manual_seed(0)
    one = torch.randn(1, channels, size, size, generator=random, dtype=torch.float64)
    apply = copy.deepcopy(layer).double().eval()
    changed = one.repeat(channels, 1, 1, 1)
    each = torch.arange(channels)
    changed[each, each] += 1.0
    with torch.no_grad():
        different = apply(changed) != apply(one)
    reacts: NDArray[np.bool_] = different.flatten(2).any(dim=2).numpy()
    return reacts


def _rms(values: Tensor) -> float:
    return float(values.square().mean().sqrt())
