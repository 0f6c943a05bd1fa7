"""Follow a forward pass module by module, without touching the network."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, TypeAlias

from torch import nn
from torch.nn.modules.module import (
    register_module_forward_hook,
    register_module_forward_pre_hook,
)

Before: TypeAlias = Callable[[str, nn.Module, tuple[Any, ...]], None]
"""Is given the path of a module, the module, and its positional arguments."""
After: TypeAlias = Callable[[str, nn.Module, tuple[Any, ...], Any], None]
"""Is given the same, and what the module returned; None if it failed."""


@contextmanager
def following_modules(
    network: nn.Module, *, before: Before | None = None, after: After | None = None
) -> Iterator[None]:
    """Within: two functions are called around the forward pass of every module of a network.

    Modules that don't belong to the network aren't told of.

    Args:
        network: Its modules have the paths of `named_modules`: "" for itself, "layer1.0".
        before: Called when a module is about to be computed.
        after: Called when it has been, or has failed; the calls nest as the modules do.
    """
    paths = {module: path for path, module in network.named_modules()}

    def enter(module: nn.Module, inputs: tuple[Any, ...]) -> None:
        if before is not None and module in paths:
            before(paths[module], module, inputs)

    def leave(module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        if after is not None and module in paths:
            after(paths[module], module, inputs, output)

    with hooking_modules(enter, leave, always=True):
        yield


@contextmanager
def hooking_modules(
    before: Callable[[nn.Module, tuple[Any, ...]], None],
    after: Callable[[nn.Module, tuple[Any, ...], Any], None],
    *,
    always: bool = False,
) -> Iterator[None]:
    """Within: two functions are called around every module that this thread computes.

    PyTorch's hooks for all modules do it, so none is registered at a network's own. They belong to
    the whole process; what other threads compute meanwhile isn't told.

    Args:
        before: Is given the module and its positional arguments.
        after: Is given the same, and what the module returned.
        always: Call `after` also for a module that failed, with None.
    """
    thread = threading.get_ident()

    def enter(module: nn.Module, inputs: tuple[Any, ...]) -> None:
        if threading.get_ident() == thread:
            before(module, inputs)

    def leave(module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        if threading.get_ident() == thread:
            after(module, inputs, output)

    with ExitStack() as hooks:
        hooks.callback(register_module_forward_pre_hook(enter).remove)
        hooks.callback(register_module_forward_hook(leave, always_call=always).remove)
        yield
