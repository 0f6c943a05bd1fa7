"""Networks for digits on a canvas that cost the same and differ in how they make maps smaller."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from convscope.errors import unknown_name
from convscope.experiments.digits_on_canvas import CANVAS


def build_downsampling_network(kind: str) -> nn.Sequential:
    """A network for images (N, 1, 32, 32), with 10 logits and about 380,000 MACs (within 2 %).

    All have 3×3 convolutions that keep the size, without biases, so that black stays 0 in every
    map, and ReLUs. What pooling saves, the others save in channels.

    - "max", "average": two convolutions, each with 2×2 pooling behind it; then a dense layer.
    - "stride": two convolutions of stride 2, with more channels.
    - "none": two convolutions whose maps stay 32×32, with fewer channels.
    - "global": as "max", then a third convolution and the largest number of each of its maps
      (global max pooling).

    Args:
        kind: One of these.

    Raises:
        UsageError: There is no such kind.
    """
    if kind not in KINDS:
        raise unknown_name("kind of downsampling network", kind, KINDS)
    return KINDS[kind]()


def _convolution(inputs: int, outputs: int, stride: int = 1) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False), nn.ReLU()]


def _dense(channels: int, size: int) -> list[nn.Module]:
    return [nn.Flatten(), nn.Linear(channels * size * size, 10)]


def _pooled(pool: type[nn.Module]) -> nn.Sequential:
    first, second = [*_convolution(1, 8), pool(2)], [*_convolution(8, 16), pool(2)]
    return nn.Sequential(*first, *second, *_dense(16, CANVAS // 4))


def _strided() -> nn.Sequential:
    return nn.Sequential(
        *_convolution(1, 16, stride=2), *_convolution(16, 35, stride=2), *_dense(35, CANVAS // 4)
    )


def _full_size() -> nn.Sequential:
    return nn.Sequential(*_convolution(1, 5), *_convolution(5, 6), *_dense(6, CANVAS))


def _global() -> nn.Sequential:
    first, second = [*_convolution(1, 8), nn.MaxPool2d(2)], [*_convolution(8, 12), nn.MaxPool2d(2)]
    last = [*_convolution(12, 12), nn.AdaptiveMaxPool2d(1)]
    return nn.Sequential(*first, *second, *last, *_dense(12, 1))


KINDS: dict[str, Callable[[], nn.Sequential]] = {
    "max": lambda: _pooled(nn.MaxPool2d),
    "average": lambda: _pooled(nn.AvgPool2d),
    "stride": _strided,
    "none": _full_size,
    "global": _global,
}
