"""One deed at a time where a whole process is changed: its allocator, threads, random numbers.

How glibc keeps memory, how many threads compute and where torch's generator stands belong to the
process, not to a thread of it. Two trainings in two threads would free one another's memory and
draw one another's random numbers.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

from torch import nn

from convscope.errors import ConvscopeError

P = ParamSpec("P")
R = TypeVar("R")

_lock = threading.RLock()
_look = threading.RLock()
_running: list[str] = []  # what holds the lock, the outermost deed first
_trained: dict[int, int] = {}  # from the identity of a module that is trained to the thread


def exclusive(deed: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorate a function that must not run in two threads of a process at once.

    The same thread may call such functions within one another.

    Args:
        deed: What it does, for the message, as in "training".

    Returns:
        The decorator. The function it gives raises a ConvscopeError, instead of waiting, while
        another thread is at such a deed: waiting unseen, in a server say, would look like a hang.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            if not _lock.acquire(blocking=False):
                other = next(iter(_running), "such work")
                raise ConvscopeError(
                    f"This program is busy with {other} in another thread, and {deed} can't run "
                    "beside it: both need the process's memory, threads and random numbers for "
                    "themselves. Call one after the other, or use a process for each."
                )
            _running.append(deed)
            try:
                return function(*args, **kwargs)
            finally:
                _running.pop()
                _lock.release()

        return guarded

    return decorate


@contextmanager
def in_training(network: nn.Module) -> Iterator[None]:
    """Within: other threads are refused what would take the network's weights away for a moment."""
    modules = [id(module) for module in network.modules()]
    _trained.update(dict.fromkeys(modules, threading.get_ident()))
    try:
        yield
    finally:
        for module in modules:
            _trained.pop(module, None)


@contextmanager
def looking_at(network: nn.Module) -> Iterator[None]:
    """Within: no other thread looks at a network in this way; it waits until this one has ended.

    For whatever puts stand-ins in the place of a network's weights for a moment, or replaces what
    belongs to the process.

    Raises:
        ConvscopeError: Another thread trains this network, or a part of it; says what to do.
    """
    here = threading.get_ident()
    if any(_trained.get(id(module), here) != here for module in network.modules()):
        raise ConvscopeError(
            f"{type(network).__name__} is being trained in another thread, and can't be looked at "
            "meanwhile. Wait until that has ended, or give a copy: copy.deepcopy(network)."
        )
    with _look:
        yield
