"""What a sequence of allocations makes of the C library's heap, found out by asking that library.

A heap that keeps its memory (runtime/allocator.py) grows beyond what is in use at a time: a freed
block has to be large enough for the next, and aligned. How much beyond depends on the library's
version. So another process takes and frees blocks of the same sizes in the same order, without
ever touching them, which costs no memory, and reports how far the heap grew.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence

from convscope.planning.step import Event

ALIGNMENT = 64  # bytes, of PyTorch's allocator for processors
REPETITIONS = 4  # of the step: the heap has settled after the second or third

# Runs alone: without torch, so that it starts at once and nothing else uses its heap.
_REPLAY = """
import ctypes, json, sys
alignment, repetitions, settings, events = json.load(sys.stdin)
libc = ctypes.CDLL(None)
libc.sbrk.restype = ctypes.c_void_p
for parameter, value in settings:
    libc.mallopt(parameter, value)
take, free, sbrk = libc.posix_memalign, libc.free, libc.sbrk
pointer = ctypes.c_void_p()
start = top = sbrk(0)
blocks = {}
for _ in range(repetitions):
    for block, size in events:
        if size:
            if take(ctypes.byref(pointer), alignment, size):
                sys.exit("no address space")
            blocks[block] = pointer.value
        elif block in blocks:
            free(ctypes.c_void_p(blocks.pop(block)))
    for address in blocks.values():
        free(ctypes.c_void_p(address))
    blocks.clear()
print(sbrk(0) - start)
"""


def heap_growth(events: Sequence[Event], settings: Sequence[tuple[int, int]]) -> int | None:
    """Bytes by which the heap grows when these blocks are taken and freed, step after step.

    Args:
        events: Of one step, for the batch size in question.
        settings: (parameter, value) of mallopt.

    Returns:
        None where the C library has no such heap (macOS, Windows, musl), or no room for it.
    """
    pairs = [(event.block, event.bytes) for event in events]
    request = json.dumps([ALIGNMENT, REPETITIONS, list(settings), pairs])
    # A thread's cache of small blocks is full in a real run; here it would hold on to leftovers.
    environment = {**os.environ, "GLIBC_TUNABLES": "glibc.malloc.tcache_count=0"}
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _REPLAY],
        input=request,
        capture_output=True,
        text=True,
        env=environment,
    )
    return int(done.stdout) if done.returncode == 0 else None
