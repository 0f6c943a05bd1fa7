"""Which layer of a module runs out of pixels, and the least image size that works.

The layers are run again on the meta device: shapes are computed, numbers are not.
"""

from __future__ import annotations

import copy
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from convscope.errors import UsageError

LARGEST = 256  # pixels; a module that fails on this does not fail for want of pixels
_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


@dataclass(frozen=True)
class LayerFailure:
    """The innermost layer that could not compute.

    Attributes:
        path: The layer's name in the module, as in "features.12".
        layer: The layer, without its weights.
        shape: (channels, height, width) that reached it, or (features,).
    """

    path: str
    layer: nn.Module
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Shortage:
    """A layer that was given too few pixels.

    Attributes:
        layer: Path and kind of the layer, as in "features.12 (MaxPool2d)".
        shape: (channels, height, width) that reached it.
        image: (height, width) of the image.
        least: The least height and width of an image that works.
    """

    layer: str
    shape: tuple[int, ...]
    image: tuple[int, int]
    least: int


class OutOfPixelsError(UsageError):
    """An image is too small for a network."""

    def __init__(self, shortage: Shortage, network: str, native: str | None) -> None:
        height, width = shortage.image
        message = (
            f"Images of {height}×{width} are too small for {network}: {shortage.layer} is left "
            f"with {'×'.join(str(n) for n in shortage.shape)}. The least size that works is "
            f"{shortage.least}×{shortage.least}."
        )
        if native is not None:
            message += f" For images of 28 to 32 pixels there is {native!r}."
        super().__init__(message)
        self.shortage = shortage


def count_flattened(features: nn.Sequential, in_channels: int, size: int) -> int:
    """How many numbers `features` makes of one image.

    By arithmetic, because the first use of the meta device takes PyTorch a second.

    Args:
        features: The convolutions, activations and pooling before a network's dense layers.
        in_channels: Channels of the image.
        size: Height and width of the image.

    Raises:
        OutOfPixelsError: `size` is too small.
    """
    channels, side = in_channels, size
    for layer in features:
        if isinstance(layer, nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d):
            padding, kernel_size, stride = (
                number if isinstance(number, int) else int(number[0])
                for number in (layer.padding, layer.kernel_size, layer.stride)
            )
            side = (side + 2 * padding - kernel_size) // stride + 1
        if isinstance(layer, nn.Conv2d):
            channels = layer.out_channels
        if side < 1:
            raise _too_small(features, in_channels, size)
    return channels * side * side


def _too_small(features: nn.Sequential, in_channels: int, size: int) -> UsageError:
    shadow = without_weights(features)
    failed = first_failure(shadow, in_channels, size, size)
    assert failed is not None, "the arithmetic says that this fails"  # noqa: S101
    shortage = find_shortage(shadow, in_channels, failed, (size, size), within="features.")
    assert shortage is not None, "these features run on large images"  # noqa: S101
    return OutOfPixelsError(shortage, "the network", None)


def without_weights(module: nn.Module) -> nn.Module:
    """A copy on the meta device, without hooks and batch norm; no weight is copied."""
    memo: dict[int, Any] = {}
    for parameter in module.parameters():
        memo[id(parameter)] = nn.Parameter(
            torch.empty_like(parameter, device="meta"), requires_grad=False
        )
    for buffer in module.buffers():
        memo[id(buffer)] = torch.empty_like(buffer, device="meta")
    for part in module.modules():
        memo |= {id(getattr(part, hooks)): OrderedDict() for hooks in _HOOKS}
    shadow = copy.deepcopy(module, memo).eval()
    for part in list(shadow.modules()):
        for name, child in part.named_children():
            if isinstance(child, nn.BatchNorm1d | nn.BatchNorm2d):
                # Keeps the shape, and takes most of the time on the meta device.
                setattr(part, name, nn.Identity())
    return shadow


def first_failure(
    shadow: nn.Module, in_channels: int, height: int, width: int
) -> LayerFailure | None:
    """The innermost layer that fails on an image of this size, or None.

    Args:
        shadow: The module, as `without_weights` gives it.
        in_channels: Channels of the image.
        height: Height of the image in pixels.
        width: Width of the image in pixels.
    """
    running: list[LayerFailure] = []
    handles = []
    for path, part in shadow.named_modules():

        def enter(module: nn.Module, inputs: tuple[Tensor, ...], path: str = path) -> None:
            running.append(LayerFailure(path, module, tuple(inputs[0].shape[1:])))

        def leave(*_: object) -> None:
            running.pop()

        handles += [part.register_forward_pre_hook(enter), part.register_forward_hook(leave)]
    kind = next((parameter.dtype for parameter in shadow.parameters()), torch.float32)
    image = torch.empty(1, in_channels, height, width, dtype=kind, device="meta")
    try:
        with torch.no_grad():
            # `nn.Module.__call__`, because that of `Network` would come back here
            nn.Module.__call__(shadow, image)
    except (RuntimeError, ValueError):
        return running[-1]
    finally:
        for handle in handles:
            handle.remove()
    return None


def find_shortage(
    shadow: nn.Module,
    in_channels: int,
    failed: LayerFailure,
    image: tuple[int, int],
    within: str = "",
) -> Shortage | None:
    """What is said of a layer that failed, or None if larger images fail as well.

    Args:
        shadow: The module, as `without_weights` gives it.
        in_channels: Channels of the image.
        failed: The failure on this image.
        image: (height, width) of the image.
        within: Stands before the layer's name.
    """

    def enough(size: int) -> bool:
        found = first_failure(shadow, in_channels, size, size)
        return found is None or isinstance(found.layer, nn.Linear)

    if not enough(LARGEST):
        return None
    too_small, works = 0, LARGEST
    while works - too_small > 1:
        middle = (too_small + works) // 2
        if enough(middle):
            works = middle
        else:
            too_small = middle
    layer = f"{within}{failed.path} ({type(failed.layer).__name__})"
    return Shortage(layer, failed.shape, image, works)
