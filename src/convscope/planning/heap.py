"""What a sequence of allocations makes of the C library's heap, found out by asking that library.

A heap that keeps its memory (runtime/allocator.py) grows beyond what is in use at a time: blocks
come and go in another order than they would fit, and small ones in between take places from which
a large one is then kept out. How much beyond depends on the library's version, and with its
caches of threads on chance. So another process takes and frees blocks of the same sizes in the
same order, with small ones at random in between, without ever touching the large ones, which costs
no memory, and reports how far the heap grew.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence

from convscope.planning.step import Event
from convscope.runtime.allocator import (
    CUSHION,
    KEEP,
    M_ARENA_MAX,
    environment_without_thread_cache,
)

ALIGNMENT = 64  # bytes, of PyTorch's allocator for processors
REPETITIONS = 4  # of the step: the heap has mostly settled after the third
SMALL_BLOCKS = 20  # taken for each large one, as counted while ResNet-18 was trained
SEEDS = (1, 2)  # where chance decides, the larger growth counts

# Runs alone: without torch, so that it starts at once and nothing else uses its heap.
_REPLAY = """
import ctypes, json, random, sys
(alignment, repetitions, settings, cushion, small_blocks, most_alive, images, seed,
 events) = json.load(sys.stdin)
libc = ctypes.CDLL(None)
libc.sbrk.restype = libc.malloc.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
libc.posix_memalign.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t]
for parameter, value in settings:
    libc.mallopt(parameter, value)
take, malloc, free, sbrk = libc.posix_memalign, libc.malloc, libc.free, libc.sbrk
cushions = []
for size, count in cushion:
    for _ in range(count):
        cushions.append(malloc(size))
        malloc(16)
for address in cushions:
    free(address)
class Info(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in ("arena", *"bcdefghij")]
if hasattr(libc, "mallinfo2"):  # since glibc 2.33; sees what lies elsewhere when sbrk finds no room
    libc.mallinfo2.restype = Info
    extent = lambda: libc.mallinfo2().arena
else:
    extent = lambda: sbrk(0)
chance = random.Random(seed).random
pointer = ctypes.c_void_p()
def take_aligned(size):
    if take(ctypes.byref(pointer), alignment, size):
        sys.exit("no address space")
    return pointer.value
blocks, small, batch = {}, [], None
start = extent()
for _ in range(repetitions):
    last, batch = batch, take_aligned(images)
    free(last)
    for block, size in events:
        for _ in range(small_blocks):
            small.append(malloc(int(24 * 2 ** (9 * chance() * chance()))))
            if len(small) > most_alive:
                index = int(chance() * len(small))
                small[index], small[-1] = small[-1], small[index]
                free(small.pop())
        if size:
            blocks[block] = take_aligned(size)
        elif block in blocks:
            free(blocks.pop(block))
    for address in blocks.values():
        free(address)
    blocks.clear()
print(extent() - start)
"""


def heap_growth(
    events: Sequence[Event], operations: int, images: int, *, thread_cache: bool
) -> int | None:
    """Bytes by which the heap grows when these blocks are taken and freed, step after step.

    Args:
        events: Blocks taken and freed in one step, for the batch size in question.
        operations: How many the step has: twice as many small blocks are alive at a time.
        images: Bytes of the batch, which is taken before that of the last step is freed.
        thread_cache: Whether training runs with glibc's caches of threads, as this process does.

    Returns:
        None where the C library has no such heap (macOS, Windows, musl), or no room for it.
    """
    pairs = [(event.block, event.bytes) for event in events]
    settings = [*KEEP, (M_ARENA_MAX, 1)]
    request = [ALIGNMENT, REPETITIONS, settings, CUSHION, SMALL_BLOCKS, 2 * operations, images]
    growths = []
    for seed in SEEDS if thread_cache else SEEDS[:1]:
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _REPLAY],
            input=json.dumps([*request, seed, pairs]),
            capture_output=True,
            text=True,
            env=None if thread_cache else environment_without_thread_cache(),
        )
        if done.returncode:
            return None
        growths.append(int(done.stdout))
    return max(growths)
