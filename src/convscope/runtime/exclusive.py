"""One deed at a time where a whole process is changed: its allocator, threads, random numbers.

How glibc keeps memory, how many threads compute and where torch's generator stands belong to the
process, not to a thread of it. Two trainings in two threads would free one another's memory and
draw one another's random numbers.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from convscope.errors import ConvscopeError

P = ParamSpec("P")
R = TypeVar("R")

_lock = threading.RLock()
_running: list[str] = []  # what holds the lock, the outermost deed first


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
