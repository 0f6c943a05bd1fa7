"""Tensors among the arguments of a function: finding them, replacing them, telling them apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class Slot:
    """Where the tensor of an input goes among the arguments of a function."""

    index: int


@dataclass(frozen=True)
class WeightSlot:
    """Where a parameter goes among the arguments of a function.

    Attributes:
        role: The name of the argument.
        tensor: The parameter.
    """

    role: str
    tensor: Tensor


def make_replay(
    function: Callable[..., Any], template: Any, which: int | None, *, clone: bool
) -> Callable[..., Any]:
    """The function of the tensors of the inputs, and of weights that replace its own.

    Weights follow the tensors to their device.

    Args:
        function: A function of PyTorch.
        template: Its arguments by position and by name, with slots where tensors go.
        which: Which of the tensors that it makes is meant, if it makes several.
        clone: Whether it writes to its inputs, so that it must be given copies.
    """

    def call(*tensors: Tensor, weights: Mapping[str, Tensor]) -> Any:
        def fill(item: Any) -> Any:
            if isinstance(item, Slot):
                return tensors[item.index].clone() if clone else tensors[item.index]
            if not isinstance(item, WeightSlot):
                return item
            if item.role in weights:
                return weights[item.role].clone() if clone else weights[item.role]
            return _on(tensors[0].device, item.tensor) if tensors else item.tensor.detach()

        args, kwargs = map_nested(template, fill)
        result = function(*args, **kwargs)
        if result is None:  # as of __setitem__
            return next(tensors_in(args))
        return [*tensors_in(result)][which or 0]

    return call


def _on(device: torch.device, weight: Tensor) -> Tensor:
    """The weight's numbers on a device; zeros if it has none."""
    if weight.is_meta and device.type != "meta":
        return torch.zeros(weight.shape, dtype=weight.dtype, device=device)
    return weight.detach().to(device)


def tensors_in(value: Any) -> Iterator[Tensor]:
    """All tensors in nested tuples, lists and dicts."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from tensors_in(item)
    elif isinstance(value, tuple | list):
        for item in value:
            yield from tensors_in(item)


def map_nested(value: Any, change: Callable[[Any], Any]) -> Any:
    """The same nesting of tuples, lists and dicts, with `change` applied to what is in it."""
    if isinstance(value, dict):
        return {key: map_nested(item, change) for key, item in value.items()}
    if type(value) in (tuple, list):
        return type(value)(map_nested(item, change) for item in value)
    return change(value)


def memory_of(tensor: Tensor) -> int:
    """Which piece of memory the tensor lies in."""
    try:
        return int(tensor.untyped_storage()._cdata)
    except NotImplementedError:  # sparse tensors have several
        return id(tensor)


def version_of(tensor: Tensor) -> int:
    """How often the tensor was written to; unknown, and 0, of one made in inference mode."""
    return 0 if tensor.is_inference() else tensor._version


def same_part(one: Tensor, other: Tensor) -> bool:
    """Whether two tensors of one memory are the same numbers in the same order."""
    return (
        one.shape == other.shape
        and one.stride() == other.stride()
        and one.storage_offset() == other.storage_offset()
        and one.dtype == other.dtype
    )


def role_of(tensor: Tensor, bound: Mapping[str, Any], taken: set[str]) -> str:
    """The name of the argument that a tensor is, of several the first that isn't taken yet."""
    own = [key for key, value in bound.items() if value is tensor]
    within = [key for key, value in bound.items() if any(t is tensor for t in tensors_in(value))]
    free = [key for key in own if key not in taken]
    return next(iter([*free, *own, *within]), "other")
