"""Keep the memory of one training step for the next.

glibc hands large blocks back to the kernel as soon as they are freed, and a training step frees
all its activations: the next step then waits while the kernel maps and clears the same pages
again. Told to keep them, ResNet-18 at 96 pixels trained 1.2 times as fast and LeNet 1.4 times
(docs/benchmarks.md).

A heap that keeps everything breaks up: a small block, put where a large one has been, keeps the
next large one out. Three things hold against it, and made the heap of ResNet-18 a third smaller.
The first step, in which libraries build what they keep for good, runs before; freed blocks of any
size are merged with their neighbours at once; and thousands of small free blocks are provided, so
that no small one is cut from a large one.

What was still wrong in glibc before 2.38: a large block is aligned, which leaves a few bytes free
before and behind it, and the cache of freed blocks that each thread has hands just these to whoever
asks next for a few bytes. So the command starts itself again without that cache, which glibc
reads of from the environment when a program starts. Then the heap hardly breaks up at all.
"""

from __future__ import annotations

import ctypes
import functools
import os
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from convscope.runtime.signals import hold_back

# Parameter numbers of mallopt, from glibc's malloc.h.
M_MXFAST = 1
M_TRIM_THRESHOLD = -1
M_MMAP_THRESHOLD = -3
M_MMAP_MAX = -4
M_ARENA_MAX = -8

# One arena lets every thread reuse what another has freed.
GIVE_BACK = [(M_MMAP_MAX, 65_536), (M_MMAP_THRESHOLD, 65_536), (M_TRIM_THRESHOLD, 131_072)]
MIXED = [(M_MMAP_MAX, 65_536), (M_MMAP_THRESHOLD, 2**25), (M_TRIM_THRESHOLD, 2**28)]
# M_MMAP_MAX 0 takes large blocks from the heap instead of mapping each by itself (the threshold
# can't do that: mallopt refuses more than 32 MiB); a trim threshold of -1 means never to shrink.
KEEP = [(M_MMAP_MAX, 0), (M_TRIM_THRESHOLD, -1), (M_MXFAST, 0)]

TUNABLES = "GLIBC_TUNABLES"
NO_THREAD_CACHE = "glibc.malloc.tcache_count=0"

# Sizes and numbers of the small free blocks: many of those that aligning large blocks leaves over.
CUSHION = [
    *((size, 6_000) for size in range(24, 136, 16)),
    *((size, 300) for size in range(136, 1048, 16)),
    *((size, 100) for size in (2040, 4088, 8184, 16_376)),
]


@contextmanager
def returning_memory() -> Iterator[None]:
    """Within: freed memory goes back to the system until `keep_memory`. After: large blocks do.

    What was freed before is given back as well.
    """
    library = _c_library()
    _set(GIVE_BACK)
    if library is not None:
        library.malloc_trim(0)
    _kept.clear()
    try:
        yield
    finally:
        if library is not None:
            _free(library, _kept)
            _set(MIXED)
            library.malloc_trim(0)
        _kept.clear()


def keep_memory(*, for_long: bool = True) -> bool:
    """Tell glibc's allocator to keep freed memory within the process, from now on.

    To be called within `returning_memory`, when a first step has been taken; calling it again
    does nothing.

    Args:
        for_long: Provide small free blocks, so that the heap doesn't break up step after step.
            That takes as long as some small steps: a few measurements do without.

    Returns:
        Whether it is so. It isn't where the C library is another one (macOS, Windows, musl).
    """
    library = _c_library()
    if library is None:
        return False
    if not _kept:
        if for_long:
            _kept.extend(_provide_small_blocks(library))
        _set(KEEP)
    return True


def give_back_free_memory() -> None:
    """Give the system what is free now, also where memory is kept."""
    library = _c_library()
    if library is not None:
        library.malloc_trim(0)


def has_thread_cache() -> bool:
    """Whether this program runs with a cache of small freed blocks for each thread, as usual."""
    return NO_THREAD_CACHE not in os.environ.get(TUNABLES, "").split(":")


def environment_without_thread_cache() -> dict[str, str]:
    """The environment in which a program runs without one."""
    given = [each for each in os.environ.get(TUNABLES, "").split(":") if each]
    return {**os.environ, TUNABLES: ":".join([*given, NO_THREAD_CACHE])}


def start_again_without_thread_cache() -> None:
    """Replace this program by itself, started in such an environment; to be called at its start.

    Does nothing if that is so already, if the person has decided on the cache, or if the C library
    isn't glibc.
    """
    is_decided = "glibc.malloc.tcache_count=" in os.environ.get(TUNABLES, "")
    if not is_decided and sys.executable and _c_library() is not None:
        command = [sys.executable, *sys.orig_argv[1:]]
        hold_back()  # until the program listens again
        os.execve(sys.executable, command, environment_without_thread_cache())  # noqa: S606 - itself


_kept: list[int] = []  # addresses of the blocks between the small free ones, while memory is kept


@functools.cache
def _c_library() -> ctypes.CDLL | None:
    try:
        library = ctypes.CDLL(None)
        library.gnu_get_libc_version  # noqa: B018 - the attribute exists in glibc alone
    except (AttributeError, OSError, TypeError):
        return None
    library.malloc.restype = ctypes.c_void_p
    library.malloc.argtypes = [ctypes.c_size_t]
    library.free.argtypes, library.free.restype = [ctypes.c_void_p], None
    library.mallopt(M_ARENA_MAX, 1)
    return library


def _set(settings: list[tuple[int, int]]) -> None:
    library = _c_library()
    if library is not None:
        for parameter, value in settings:
            library.mallopt(parameter, value)


def _provide_small_blocks(library: ctypes.CDLL) -> list[int]:
    """Free many small blocks; returns those left between them, so that they never merge."""
    sizes = [each for size, count in CUSHION for each in (size, 16) * count]
    blocks = list(map(library.malloc, sizes))  # a hundred thousand calls: no loop of Python's own
    _free(library, blocks[::2])
    return blocks[1::2]


def _free(library: ctypes.CDLL, blocks: list[int]) -> None:
    deque(map(library.free, blocks), maxlen=0)  # which calls for all and keeps nothing
