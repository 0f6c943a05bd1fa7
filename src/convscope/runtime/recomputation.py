"""Less memory for more time: activations that are computed again instead of being kept.

The backward pass needs what every layer received. Of a recomputed block only the input is kept;
when the backward pass arrives at the block, the block is computed a second time from it (Chen, Xu,
Zhang and Guestrin 2016, "Training deep nets with sublinear memory cost"). Nothing else changes: the
second time gives the same numbers, so gradients and trained weights are the same to the last bit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from itertools import pairwise
from types import MethodType
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from convscope.errors import UsageError, unknown_name
from convscope.runtime.convolution_plan import Plan, use_plan

Parts: TypeAlias = list[tuple[int, int]]
"""Children of an `nn.Sequential`, from the first number to before the second; empty: all of it."""

_PART = re.compile(r"(.*)\[(\d+):(\d+)\]")


@contextmanager
def recomputing(network: nn.Module, blocks: Sequence[str], plan: Plan) -> Iterator[None]:
    """Within: the activations inside these blocks aren't kept, but computed again when needed.

    What a block was computed from is the same the second time: the state of the random generator
    (dropout), the precision, the buffers (running statistics), and the convolutions' algorithms.
    Buffers are left as the first time left them. Forward passes without gradients don't change. A
    deep copy made within recomputes, too, and goes on doing so.

    Args:
        network: Forward methods of its modules are replaced, and put back at the end.
        blocks: Paths of modules as in `named_modules`, such as "layer1.0"; or parts of an
            `nn.Sequential`, such as "features[0:7]" for the seven children from 0 to 6.
        plan: Algorithms of the convolutions, as in the forward pass.

    Raises:
        UsageError: There is no such module or part, or two of them overlap.
    """
    replaced = find_blocks(network, blocks)
    own = {module: vars(module).get("forward") for module in replaced}
    for module, parts in replaced.items():
        module.forward = MethodType(_forward(parts, own[module], plan), module)
    try:
        yield
    finally:
        for module, forward in own.items():
            del module.forward
            if forward is not None:
                module.forward = forward


def find_blocks(network: nn.Module, blocks: Sequence[str]) -> dict[nn.Module, Parts]:
    """The modules that are meant, each with its parts in order.

    Raises:
        UsageError: As for `recomputing`.
    """
    modules = dict(network.named_modules())
    found: dict[nn.Module, Parts] = {}
    for block in blocks:
        matched = _PART.fullmatch(block)
        path = matched[1] if matched else block
        if path not in modules or not block:
            raise unknown_name("block to recompute", path, filter(None, modules))
        module = modules[path]
        parts = [] if matched is None else [(int(matched[2]), int(matched[3]))]
        for part in parts:
            _check_part(block, module, part)
        before = found.setdefault(module, parts)
        if before is parts:
            continue
        found[module] = sorted(before + parts)
        is_whole = not (before and parts)
        if is_whole or any(first[1] > then[0] for first, then in pairwise(found[module])):
            raise UsageError(
                f"recompute: children of {path!r} are named twice, by {block!r} and by one before "
                "it. Give each once."
            )
    return found


def _check_part(block: str, module: Any, part: tuple[int, int]) -> None:
    is_sequential = isinstance(module, nn.Sequential) and "forward" not in vars(module)
    if not is_sequential or type(module).forward is not nn.Sequential.forward:
        raise UsageError(
            f"recompute: {block!r} is part of a {type(module).__name__}, which decides itself how "
            "it calls its children. Only an nn.Sequential has parts; give the path alone."
        )
    if not part[0] < part[1] <= len(module):
        raise UsageError(
            f"recompute: {block!r} is outside of its nn.Sequential, which has {len(module)} "
            f"children. Accepted are parts from [0:1] to [0:{len(module)}]."
        )


def _forward(parts: Parts, own: Callable[..., Any] | None, plan: Plan) -> Callable[..., Any]:
    """A forward method that keeps nothing inside the parts.

    It finds everything through the module it is bound to, so that a deep copy is bound to the copy.

    Args:
        parts: Children of an `nn.Sequential` to recompute; empty: the whole module.
        own: The forward method that the module has in place of its class's.
        plan: Algorithms of the convolutions.
    """

    def forward(module: nn.Module, *args: Any, **kwargs: Any) -> Any:
        compute = own or partial(type(module).forward, module)
        if not torch.is_grad_enabled():
            return compute(*args, **kwargs)
        if not parts:
            return _recomputed(compute, [module], plan, *args, **kwargs)
        return through_parts(module, *args)

    def through_parts(module: Any, x: Tensor) -> Tensor:
        children = list(module)
        done = 0
        for part in parts:
            for child in children[done : part[0]]:
                x = child(x)
            inside = children[slice(*part)]
            x = _recomputed(partial(_one_after_another, inside), inside, plan, x)
            done = part[1]
        return _one_after_another(children[done:], x)

    return forward


def _one_after_another(modules: list[nn.Module], x: Tensor) -> Tensor:
    for module in modules:
        x = module(x)
    return x


def _recomputed(
    compute: Callable[..., Any], modules: list[nn.Module], plan: Plan, *args: Any, **kwargs: Any
) -> Any:
    again = _AsBefore(modules, plan)
    return checkpoint(
        compute, *args, use_reentrant=False, context_fn=lambda: (nullcontext(), again), **kwargs
    )


class _AsBefore:
    """The context in which modules compute again what they are about to compute now.

    PyTorch itself sees to precision and random numbers. The plan of convolutions is a mode of the
    forward pass that is over by then; and buffers have changed since, and mustn't change twice.

    Args:
        modules: With everything inside them.
        plan: Algorithms of the convolutions.
    """

    def __init__(self, modules: list[nn.Module], plan: Plan) -> None:
        self._before = [
            (each, name, buffer.detach().clone())
            for module in modules
            for each in module.modules()
            for name, buffer in each._buffers.items()
            if buffer is not None
        ]
        self._after: list[Tensor | None] = []
        self._planned = use_plan(plan)

    def __enter__(self) -> None:
        self._after = [module._buffers[name] for module, name, _ in self._before]
        for module, name, buffer in self._before:
            module._buffers[name] = buffer.clone()
        self._planned.__enter__()  # type: ignore[no-untyped-call]

    def __exit__(self, *error: Any) -> None:
        self._planned.__exit__(*error)  # type: ignore[no-untyped-call]
        for (module, name, _), buffer in zip(self._before, self._after, strict=True):
            module._buffers[name] = buffer
