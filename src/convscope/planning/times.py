"""How long operations take on this machine: measured, kept, and estimated from similar ones.

Every operation of a step is called directly, on tensors of its shapes, for a moment. What was
measured is kept in the cache folder, so that the next forecast is quicker and knows more. When the
time for measuring is up, the rest is estimated from operations of the same kind.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pydantic
import torch

from convscope.folders import cache_folder, keep_text
from convscope.planning.operation import RecordedOperation
from convscope.planning.step import RecordedStep
from convscope.planning.stopwatch import Stopwatch
from convscope.runtime.allocator import keep_memory, returning_memory
from convscope.runtime.contention import BUSY, Contention
from convscope.runtime.device import processor

CALL_SECONDS = 0.012  # an operation that takes longer is timed on fewer images
FEWEST_IMAGES = 8  # with fewer, threads have too little to share
AGAIN_SECONDS = 0.1  # for timing known operations again
GUESSED_FLOPS = {torch.bfloat16: 5e11, torch.float32: 1e11}  # per second, to decide on that
GUESSED_BYTES = 5e9  # per second
SLOWEST = 4.0  # times slower than guessed is an operation that was never timed, at most
LARGEST_POOL = 128 * 2**20  # bytes; with the results kept, more than stays in most caches

_KEPT = pydantic.TypeAdapter(dict[str, dict[str, float]])


class Timing(NamedTuple):
    """How long an operation takes.

    Attributes:
        seconds: Once.
        is_measured: Whether this very operation was timed, or others like it.
    """

    seconds: float
    is_measured: bool


class OperationTimes:
    """What is known of the speed of operations on this machine.

    Args:
        threads: With how many.

    Attributes:
        not_timed: Operations that can't be called by themselves.
    """

    def __init__(self, threads: int) -> None:
        self._file = cache_folder() / "operations.json"
        machine = f"{processor()}, {threads} threads, torch {torch.__version__}"
        self._kept = _read(self._file)
        self._seconds = self._kept.setdefault(machine, {})
        self.not_timed: set[str] = set()
        self._timed: set[str] = set()  # by this object; the others were timed some other time
        self._contention = Contention()
        self._like: dict[str, list[tuple[float, float]]] = {}  # family → (work, seconds)

    @property
    def contention(self) -> float:
        """Share of the time since this object was made that a thread waited for a processor."""
        return self._contention.share

    def of_step(
        self, step: RecordedStep, batch_size: int, budget: float, *, again: bool = True
    ) -> list[Timing]:
        """How long each operation of a step takes.

        Args:
            step: As recorded.
            batch_size: Images.
            budget: Seconds to spend on measuring.
            again: Whether known times may be measured again within it.
        """
        counts = Counter(operation.key for operation in step.operations)
        unique = {
            operation.key: (operation, operation.at(batch_size, step.stand_in))
            for operation in step.distinct
        }
        pool = working_set(step, batch_size)
        with ExitStack() as stack:
            stopwatch = cache(lambda: stack.enter_context(_stopwatch(pool)))
            deadline = time.perf_counter() + budget
            known = self._measure(
                unique, counts, step.stand_in, batch_size, pool, stopwatch, deadline
            )
            if again:
                self._measure_again(known, stopwatch, min(deadline, _soon()))
        timings = {
            key: self._timing(recorded, operation, step.stand_in, batch_size, pool)
            for key, (recorded, operation) in unique.items()
        }
        return [timings[operation.key] for operation in step.operations]

    def save(self) -> None:
        """Keep what was measured, unless other programs held it up."""
        if self.contention > BUSY:
            return
        keep_text(self._file, json.dumps(self._kept))

    def _measure(
        self,
        unique: dict[str, tuple[RecordedOperation, RecordedOperation]],
        counts: Mapping[str, int],
        stand_in: int,
        batch_size: int,
        pool: int,
        stopwatch: Callable[[], Stopwatch],
        deadline: float,
    ) -> list[tuple[RecordedOperation, str]]:
        """Time what isn't known, the most important first; returns what is known then."""
        costs = {key: counts[key] * _guess(operation) for key, (_, operation) in unique.items()}
        dearest: dict[str, str] = {}
        for key in sorted(unique, key=costs.__getitem__):
            dearest[_family(unique[key][1])] = key
        firsts = sorted(dearest.values(), key=costs.__getitem__, reverse=True)
        rest = sorted(set(unique) - set(firsts), key=costs.__getitem__, reverse=True)
        known: list[tuple[RecordedOperation, str]] = []
        for key in (*firsts, *rest):
            recorded, operation = unique[key]
            count = _images_to_time(recorded, operation, batch_size, stand_in)
            digest = _digest(recorded.at(count, stand_in), pool)
            if _values_matter(recorded):
                self.not_timed.add(str(operation.function))
                continue
            if digest not in self._seconds and time.perf_counter() < deadline:
                try:
                    self._seconds[digest] = stopwatch().seconds(recorded.at(count, stand_in))
                    self._timed.add(digest)
                except (RuntimeError, TypeError, ValueError, IndexError):
                    # Fake tensors had other types than real ones, or values matter to it.
                    self.not_timed.add(str(operation.function))
            if digest in self._seconds:
                known.append((recorded.at(count, stand_in), digest))
                seconds = self._seconds[digest] * _share(recorded, operation, count, stand_in)
                self._like.setdefault(_family(operation), []).append((_work(operation), seconds))

        return known

    def _measure_again(
        self,
        known: list[tuple[RecordedOperation, str]],
        stopwatch: Callable[[], Stopwatch],
        deadline: float,
    ) -> None:
        """The machine may have been busy when these were timed: the shortest time counts."""
        for operation, digest in known:
            if time.perf_counter() > deadline:
                return
            if digest not in self._timed:
                self._timed.add(digest)
                self._seconds[digest] = min(
                    self._seconds[digest], stopwatch().seconds(operation, 1)
                )

    def _timing(
        self,
        recorded: RecordedOperation,
        operation: RecordedOperation,
        stand_in: int,
        batch_size: int,
        pool: int,
    ) -> Timing:
        count = _images_to_time(recorded, operation, batch_size, stand_in)
        known = self._seconds.get(_digest(recorded.at(count, stand_in), pool))
        if known is not None:
            return Timing(known * _share(recorded, operation, count, stand_in), is_measured=True)
        work = _work(operation)
        similar = self._like.get(_family(operation))
        if not similar:
            return Timing(_guess(operation), is_measured=False)
        near_work, near_seconds = min(similar, key=lambda each: abs(math.log(each[0] / work)))
        seconds = near_seconds * work / near_work
        if work > near_work:  # a call that does hardly anything takes its time all the same
            seconds = min(seconds, near_seconds + SLOWEST * _guess(operation))
        return Timing(seconds, is_measured=False)


def _values_matter(operation: RecordedOperation) -> bool:
    """Whether an operation may read or write anywhere, if it is given numbers made up for it.

    That is so where one operation leaves notes for another in a tensor of bytes (the workspace of
    a recurrent layer), and may be so in operations that aren't PyTorch's own. Or whether it does
    nothing with them: where a mask says what is taken, made-up ones take nothing.
    """
    is_unknown = operation.function.namespace not in ("aten", "prims")
    types = {shape.dtype for shape in operation.inputs}
    is_chosen = torch.Tag.dynamic_output_shape in operation.function.tags and torch.bool in types
    return is_unknown or is_chosen or torch.uint8 in types


@contextmanager
def _stopwatch(pool: int) -> Iterator[Stopwatch]:
    """Times operations within, with memory kept as in training."""
    with returning_memory():
        keep_memory(for_long=False)
        yield Stopwatch(pool)


def working_set(step: RecordedStep, batch_size: int) -> int:
    """Bytes that a step goes through before it comes back to a tensor, roughly."""
    counts = Counter(operation.key for operation in step.operations)
    moved = sum(
        counts[operation.key] * operation.at(batch_size, step.stand_in).bytes
        for operation in step.distinct
    )
    return min(LARGEST_POOL, moved // 4)


def _soon() -> float:
    return time.perf_counter() + AGAIN_SECONDS


def _images_to_time(
    recorded: RecordedOperation, operation: RecordedOperation, batch_size: int, stand_in: int
) -> int:
    """How many images to time an operation on: fewer than all, where it would take long."""
    guess = _guess(operation)
    if guess <= CALL_SECONDS:
        return batch_size
    count = min(batch_size, max(FEWEST_IMAGES, int(batch_size * CALL_SECONDS / guess)))
    # The matrix of a dense layer is read once, for however many images.
    most = 1.5 * operation.bytes * count / batch_size
    return count if recorded.at(count, stand_in).bytes <= most else batch_size


def _share(
    recorded: RecordedOperation, operation: RecordedOperation, count: int, stand_in: int
) -> float:
    """By how much the whole operation is more work than it was for `count` images."""
    return _work(operation) / _work(recorded.at(count, stand_in))


def _guess(operation: RecordedOperation) -> float:
    """Seconds, roughly: enough to decide what to measure first, and on how many images."""
    inputs = operation.inputs
    rate = GUESSED_FLOPS.get(inputs[0].dtype, 1e11) if inputs else 1e11
    return operation.flops / rate + operation.bytes / GUESSED_BYTES + 1e-6


def _work(operation: RecordedOperation) -> float:
    return float(max(1, operation.flops or operation.bytes))


def _family(operation: RecordedOperation) -> str:
    """The same for operations of one kind, whose time grows with their work."""
    inputs = operation.inputs
    dtype = inputs[0].dtype if inputs else None
    if "convolution" not in str(operation.function):
        return f"{operation.function} {dtype}"
    kernels = next(shape for shape in inputs[1:] if len(shape.sizes) == len(inputs[0].sizes))
    if "backward" in str(operation.function):
        kernels = inputs[2]
    groups = "depthwise" if kernels.sizes[1] == 1 else "dense"
    return f"{operation.function} {dtype} {kernels.sizes[2:]} {inputs[0].sizes[2:]} {groups}"


def _digest(operation: RecordedOperation, pool: int) -> str:
    text = f"{operation.key} {pool.bit_length()}"
    return hashlib.blake2b(text.encode(), digest_size=9).hexdigest()


def _read(file: Path) -> dict[str, dict[str, float]]:
    """What was kept; nothing if the file is missing or isn't ours."""
    try:
        return _KEPT.validate_json(file.read_bytes())
    except (OSError, ValueError):
        return {}


def total(timings: Iterable[Timing]) -> tuple[float, float]:
    """Seconds of all, and the share of them that was estimated from other operations."""
    timings = list(timings)
    seconds = sum(each.seconds for each in timings)
    estimated = sum(each.seconds for each in timings if not each.is_measured)
    return seconds, estimated / seconds if seconds else 0.0
