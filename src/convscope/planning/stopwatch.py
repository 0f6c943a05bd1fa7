"""Time single operations on this machine, with their tensors as cold as in a training step.

Repeated on the same tensors, an operation would find them in the processor's caches; in a step,
many others have come between. So the tensors of every repetition lie elsewhere in a large pool of
memory, and results are kept until as much again has been written.
"""

from __future__ import annotations

import time
from collections import deque
from typing import Any

import torch
from torch.utils._pytree import tree_map

from convscope.planning.operation import RecordedOperation, TensorShape

LONG_ENOUGH = 0.04  # seconds: more of one operation isn't timed
HALF = 0x3F00  # a bit pattern near 0.5 as bfloat16, and twice in a row as float32


class Stopwatch:
    """Times operations.

    Args:
        working_set: Bytes that a step goes through before it comes back to a tensor.
    """

    def __init__(self, working_set: int) -> None:
        self._pool = torch.full((max(working_set, 1 << 20) // 2,), HALF, dtype=torch.int16)
        self._next = 0
        self._kept: deque[tuple[Any, int]] = deque()
        self._kept_bytes = 0
        self._kept_most = self._pool.nbytes // 2
        # Touched and freed, so that no result is timed with the first use of its memory.
        torch.ones(self._kept_most, dtype=torch.uint8)

    def seconds(self, operation: RecordedOperation, repetitions: int = 3) -> float:
        """The shortest time, after a first call that doesn't count; long ones are timed once."""
        times: list[float] = []
        while len(times) <= repetitions and (len(times) < 2 or sum(times) < LONG_ENOUGH):
            positional, named = tree_map(
                lambda value: self._made(value, operation), operation.arguments, is_leaf=_is_shape
            )
            with torch.no_grad():
                start = time.perf_counter()
                results = operation.function(*positional, **named)
                times.append(time.perf_counter() - start)
            self._keep(results, sum(shape.bytes for shape in operation.results))
        return min(times[1:])

    def _made(self, value: Any, operation: RecordedOperation) -> Any:
        if not isinstance(value, TensorShape):
            return value
        dtype = value.dtype
        if len(value.sizes) == 1 and "batch_norm" in str(operation.function):
            dtype = torch.float32  # on a processor; fake tensors take the images' type
        if dtype not in (torch.float32, torch.bfloat16):
            return torch.empty_strided(value.sizes, value.strides, dtype=dtype).zero_()
        span = 1 + sum((n - 1) * s for n, s in zip(value.sizes, value.strides, strict=True))
        length = -(-span * dtype.itemsize // 128) * 64  # of the pool's elements, 64 bytes aligned
        if length > len(self._pool):
            return torch.empty_strided(value.sizes, value.strides, dtype=dtype).fill_(0.5)
        if self._next + length > len(self._pool):
            self._next = 0
        part = self._pool[self._next : self._next + length].view(dtype)
        self._next += length
        return part.as_strided(value.sizes, value.strides)

    def _keep(self, results: Any, size: int) -> None:
        self._kept.append((results, size))
        self._kept_bytes += size
        while self._kept_bytes > self._kept_most:
            self._kept_bytes -= self._kept.popleft()[1]


def _is_shape(value: Any) -> bool:
    return isinstance(value, TensorShape)
