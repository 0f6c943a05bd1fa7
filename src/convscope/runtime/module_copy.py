"""Copies of any module: also of one that keeps activations, has hooks, or is nested deeply."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterator
from typing import Any

from torch import Tensor, nn
from torch.nn.parameter import UninitializedBuffer

from convscope.errors import UsageError
from convscope.runtime.deep_nesting import allow_nesting
from convscope.runtime.rebinding import rebind

HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


def copy_module(module: nn.Module, stand_in: Callable[[Tensor], Tensor] | None = None) -> nn.Module:
    """A copy of a module, whose tensors are its own.

    Tensors that a forward pass left as plain attributes (self.last = x) belong to a graph and
    can't be copied as they are: the copy has their numbers. Hooks of the owner are shared, not
    copied, with whatever they collect; but functions that refer to the module, or to a part of it,
    refer to the copy's (`rebinding`).

    Args:
        module: Is left as it is.
        stand_in: Makes the copy of each tensor, asked once for each; None: its numbers.

    Raises:
        UsageError: It holds something that can't be copied.
    """
    allow_nesting(module)
    modules = list(module.modules())
    inside = {id(each) for each in modules}
    memo: dict[int, Any] = {}
    for each in modules:
        for tensor in held_tensors(each):
            if stand_in is not None:
                if id(tensor) not in memo:
                    memo[id(tensor)] = stand_in(tensor)
            elif isinstance(tensor, UninitializedBuffer):  # which can't be copied as it is
                memo[id(tensor)] = UninitializedBuffer(  # type: ignore[call-arg]
                    device=tensor.device, dtype=tensor.dtype
                )
            elif not tensor.is_leaf:
                memo[id(tensor)] = tensor.detach().clone()
        for hook in hooks_of(each):
            if id(getattr(hook, "__self__", None)) not in inside:
                memo[id(hook)] = hook
    try:
        for each in reversed(modules):  # the inner ones first, so that no recursion is deep
            memo[id(each)] = copy.deepcopy(each, memo)
    except (TypeError, pickle.PicklingError) as error:
        raise UsageError(
            f"The module {type(module).__name__} can't be copied ({error}), which is needed to "
            "measure with it. Keep open files, generators, locks and the like outside of it."
        ) from error
    rebind(memo, [memo[id(each)] for each in modules])
    copied: nn.Module = memo[id(module)]
    return copied


def hooks_of(module: nn.Module) -> Iterator[Callable[..., Any]]:
    """The hooks that are called when this module, without its children, is computed."""
    for name in HOOKS:
        yield from vars(module).get(name, {}).values()


def held_tensors(module: nn.Module) -> Iterator[Tensor]:
    """Tensors of this module, without its children's: also in nested plain containers."""
    for value in vars(module).values():
        for each in inside_containers(value):
            if isinstance(each, Tensor):
                yield each


def inside_containers(value: Any) -> Iterator[Any]:
    """What nested lists, tuples, sets and dictionaries hold; anything else is itself."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple | set | frozenset):
        for inner in value:
            yield from inside_containers(inner)
    else:
        yield value
