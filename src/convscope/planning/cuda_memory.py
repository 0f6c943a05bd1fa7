"""What a training step takes on a CUDA device, by the rules of PyTorch's caching allocator.

Unverified: written from the allocator's rules (PyTorch documentation, "CUDA semantics", section
"Memory management", and the constants of c10/cuda/CUDACachingAllocator), and not yet compared
with a device. Workspaces of cuDNN and cuBLAS are not in it, nor is the context of CUDA itself.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable
from dataclasses import dataclass, field

from convscope.planning.operation import scale
from convscope.planning.step import RecordedStep

BLOCK = 512  # bytes: every block is a multiple
SMALL = 2**20  # blocks up to here share segments of their own
SMALL_SEGMENT = 2 * 2**20
MEDIUM = 10 * 2**20  # blocks from here on have a segment to themselves
MEDIUM_SEGMENT = 20 * 2**20
ROUNDING = 2 * 2**20  # of segments for larger blocks


@dataclass(frozen=True)
class CudaMemory:
    """Peaks on a device, in bytes.

    Attributes:
        allocated: As `torch.cuda.max_memory_allocated` counts.
        reserved: As `torch.cuda.max_memory_reserved` does.
    """

    allocated: int
    reserved: int


def cuda_memory(step: RecordedStep, batch_size: int) -> CudaMemory:
    """The peaks of two steps; what the first leaves free, the second uses.

    Args:
        step: As recorded.
        batch_size: Images.
    """
    channels, height, width = step.image_shape
    resident = [size for sizes in step.resident.values() for size in sizes]
    resident.append(4 * batch_size * channels * height * width)
    events = [(-number, size) for number, size in enumerate(resident, start=1)]
    for _ in range(2):
        alive: set[int] = set()
        for event in step.events:
            # Workspaces of the processor's library aren't those of the device's.
            if step.kinds.get(event.block) != "workspace":
                events.append((event.block, scale(event.bytes, batch_size, step.stand_in)))
                (alive.add if event.bytes else alive.discard)(event.block)
        events += [(block, 0) for block in alive]
    return peaks(events)


def peaks(events: Iterable[tuple[int, int]]) -> CudaMemory:
    """The peaks of a sequence of blocks taken and freed.

    Args:
        events: Number of a block and its bytes; 0 where it is freed.
    """
    pool = _Pool()
    for block, size in events:
        if size:
            pool.take(block, size)
        else:
            pool.free(block)
    return CudaMemory(pool.most, sum(pool.segments))


@dataclass
class _Pool:
    """Segments cut into blocks, the smallest free block that is large enough first."""

    segments: list[int] = field(default_factory=list)
    most: int = 0
    _now: int = 0
    _taken: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    _free: dict[bool, list[tuple[int, int, int]]] = field(
        default_factory=lambda: {True: [], False: []}
    )

    def take(self, block: int, size: int) -> None:
        """Take a block of this size."""
        size = max(BLOCK, -(-size // BLOCK) * BLOCK)
        is_small = size <= SMALL
        free = self._free[is_small]
        at = bisect.bisect_left(free, (size, 0, 0))
        if at < len(free):
            room, segment, start = free.pop(at)
        else:
            room, segment, start = _segment_size(size), len(self.segments), 0
            self.segments.append(room)
        rest = room - size
        # A rest too small to be useful stays with the block.
        if rest >= (BLOCK if is_small else SMALL + 1):
            bisect.insort(free, (rest, segment, start + size))
        else:
            size = room
        self._taken[block] = (size, segment, start)
        self._now += size
        self.most = max(self.most, self._now)

    def free(self, block: int) -> None:
        """Give a block back; it merges with free neighbours in its segment."""
        if block not in self._taken:
            return
        size, segment, start = self._taken.pop(block)
        self._now -= size
        free = self._free[self.segments[segment] == SMALL_SEGMENT]
        for other in [each for each in free if each[1] == segment]:
            room, _, place = other
            if place + room == start or start + size == place:
                free.remove(other)
                start, size = min(start, place), size + room
        bisect.insort(free, (size, segment, start))


def _segment_size(size: int) -> int:
    if size <= SMALL:
        return SMALL_SEGMENT
    if size < MEDIUM:
        return MEDIUM_SEGMENT
    return -(-size // ROUNDING) * ROUNDING
