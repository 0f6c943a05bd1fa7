"""What arrives at the first layer that has weights: the pixels as the network really sees them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from convscope.runtime.module_calls import following_modules


@dataclass(frozen=True)
class FirstInput:
    """Statistics over all images, positions and channels.

    Attributes:
        layer: The first module with weights of its own.
        is_normalization: Whether it normalizes by itself, as batch norm does.
        mean: Mean of the values.
        std: Standard deviation of the values.
        least: The least value.
        largest: The largest value.
    """

    layer: str
    is_normalization: bool
    mean: float
    std: float
    least: float
    largest: float


@torch.no_grad()
def first_input(network: nn.Module, batches: Iterable[Tensor]) -> FirstInput | None:
    """Look at what the first layer gets; None if no layer with weights gets a tensor of numbers.

    Args:
        network: In the mode to look at it in.
        batches: Images (N, C, H, W) as training gives them.
    """
    seen: list[tuple[str, nn.Module, Tensor]] = []

    def keep(name: str, module: nn.Module, inputs: tuple[object, ...]) -> None:
        value = inputs[0] if inputs else None
        has_weights = next(module.parameters(recurse=False), None) is not None
        is_first = not seen or seen[0][0] == name
        if has_weights and is_first and isinstance(value, Tensor) and value.is_floating_point():
            seen.append((name, module, value.detach().float()))

    with following_modules(network, before=keep):
        for images in batches:
            network(images)
    if not seen:
        return None
    name, module, _ = seen[0]
    values = torch.cat([value.flatten() for _, _, value in seen])
    return FirstInput(
        layer=name or "the network",
        is_normalization="Norm" in type(module).__name__,
        mean=float(values.mean()),
        std=float(values.std()),
        least=float(values.min()),
        largest=float(values.max()),
    )
