"""What Python code keeps for itself while a network runs, remembered and put back.

A hook appends to a list, a forward pass fills a dictionary of a dictionary, an object counts: all
of it is found by following what can be reached, and afterwards holds what it held before.
"""

from __future__ import annotations

import random
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from types import FunctionType, MethodType, ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from convscope.runtime.module_copy import hooks_of

DEPTH = 6  # of containers and objects within one another that are followed
MANY = 10_000  # things in a container, which are no longer looked at one by one
_UNCHANGED = (Tensor, nn.Module, type, ModuleType, str, bytes, int, float)
"""Values that aren't followed: of modules and tensors others keep care."""


def remember(values: Iterable[Any]) -> Callable[[], None]:
    """Remember all containers and objects that can be reached from some values.

    Args:
        values: Containers, functions (what they have closed over, and globals that they name),
            methods and other objects of Python.

    Returns:
        Puts everything back as it was, in place.
    """
    restorers = [_restorer(part) for part in _mutable_parts(values)]

    def restore() -> None:
        for each in restorers:
            each()

    return restore


@contextmanager
def generators_kept(devices: Iterable[torch.device] = ()) -> Iterator[None]:
    """After: the random generators of PyTorch, NumPy and Python stand where they stood before.

    Args:
        devices: GPUs whose generators are kept besides that of the processor.
    """
    of_python, of_numpy = random.getstate(), np.random.get_state()  # noqa: NPY002 - the one that modules draw from
    try:
        with torch.random.fork_rng(devices=[*devices]):
            yield
    finally:
        random.setstate(of_python)
        np.random.set_state(of_numpy)  # noqa: NPY002


@contextmanager
def hooks_kept(network: nn.Module) -> Iterator[None]:
    """After: what hooks of the owner collected is as before, without what comes in between."""
    restore = remember([hook for module in network.modules() for hook in hooks_of(module)])
    try:
        yield
    finally:
        restore()


def _mutable_parts(values: Iterable[Any]) -> list[Any]:
    """The lists, dictionaries, sets, queues and functions that can be reached, each once."""
    found: dict[int, Any] = {}
    front = list(values)
    for _ in range(DEPTH):
        following: list[Any] = []
        for value in front:
            if isinstance(value, _UNCHANGED) or id(value) in found:
                continue
            if isinstance(value, list | dict | set | deque | FunctionType):
                found[id(value)] = value
            following += _reached(value)
        front = following
    return list(found.values())


def _reached(value: Any) -> Iterator[Any]:
    """What a value leads to directly."""
    if isinstance(value, dict | list | tuple | set | frozenset | deque):
        if len(value) <= MANY:
            yield from list(value.values()) if isinstance(value, dict) else value
    elif isinstance(value, MethodType):
        yield from (value.__func__, value.__self__)
    elif isinstance(value, FunctionType):
        for _, inner in _variables(value):
            yield inner
    elif isinstance(value, partial):
        yield from (value.func, value.args, value.keywords)
    elif isinstance(value, SimpleNamespace) or not _is_of_a_library(value):
        yield getattr(value, "__dict__", None)


def _is_of_a_library(value: Any) -> bool:
    """Whether a value's class is Python's, PyTorch's or NumPy's: a logger, a lock, an array."""
    origin = type(value).__module__.partition(".")[0]
    return origin in sys.stdlib_module_names - {"__main__"} or origin in ("torch", "numpy")


def _variables(function: FunctionType) -> Iterator[tuple[str, Any]]:
    """What a function has closed over, and globals that it names, if they can hold something."""
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            yield name, cell.cell_contents
        except ValueError:  # not assigned yet
            continue
    for name in function.__code__.co_names:
        value = function.__globals__.get(name)
        if isinstance(value, list | dict | set | deque):
            yield name, value


def _restorer(part: Any) -> Callable[[], None]:
    """Puts one container back, or the variables that a function has closed over."""
    if isinstance(part, FunctionType):
        cells = [(cell, _content(cell)) for cell in part.__closure__ or ()]

        def restore() -> None:
            for cell, content in cells:
                if content:
                    cell.cell_contents = content[0]

        return restore
    saved = part.copy()

    def refill() -> None:
        part.clear()
        if isinstance(part, dict | set):
            part.update(saved)
        else:
            part.extend(saved)

    return refill


def _content(cell: Any) -> tuple[Any, ...]:
    try:
        return (cell.cell_contents,)
    except ValueError:
        return ()
