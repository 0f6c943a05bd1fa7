"""Requests are computed together: one thread takes whatever is waiting, up to a full batch.

While one batch is computed the next one gathers by itself, so batches grow with the load. Waiting
for more is worth it only if more is known to come: images that are being decoded. A single
request on an idle server finds none of those, and is computed at once.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(eq=False)
class Work:
    """Images that wait for the engine.

    Attributes:
        images: uint8 (n, C, H, W).
        owner: Whoever put them in; given back with the answer.
        is_wanted: Whether somebody still waits for the answer; asked before computing.
    """

    images: NDArray[np.uint8]
    owner: Any
    is_wanted: Callable[[], bool] = lambda: True


EXPECTED_SECONDS = 0.02
"""How long a batch waits for the next of those that were let in from a line."""
ALL_EXPECTED_SECONDS = 0.1
"""How long a batch waits for all of them."""

Deliver = Callable[[Sequence[Work], Any], None]
"""Takes the works of a batch, in order, and what was computed for all, or the exception."""


class Batcher:
    """A queue, and the thread that empties it.

    Args:
        thread: An executor of one thread, which is the batcher's until `close`.
        compute: Called with images (N, C, H, W).
        deliver: Called on the same thread after each batch.
        max_batch: Images computed together at most. A work is never divided.
        wait_seconds: Longest wait for images that were announced.
        on_batch: Told the number of images of each batch, and the seconds it took.
    """

    def __init__(
        self,
        thread: Executor,
        compute: Callable[[NDArray[np.uint8]], Any],
        deliver: Deliver,
        *,
        max_batch: int,
        wait_seconds: float,
        on_batch: Callable[[int, float], None] = lambda size, seconds: None,
    ) -> None:
        self._compute = compute
        self._deliver = deliver
        self._max_batch = max_batch
        self._wait_seconds = wait_seconds
        self._on_batch = on_batch
        self._changed = threading.Condition()
        self._waiting: deque[Work] = deque()
        self._waiting_images = 0
        self._announced = 0
        self._expected = 0
        self._expected_until = 0.0
        self._closed = False
        self._ended = thread.submit(self._run)

    def announce(self, images: int) -> None:
        """Say that images will be put, or with a negative number that they won't."""
        with self._changed:
            self._announced += images
            if self._announced == self._expected == 0:
                self._changed.notify()

    def expect(self, images: int) -> None:
        """Say that images were let in, which may come very soon; or, negative, that they have.

        Whoever is let in from a line comes together with others. If each were computed as it
        comes, a busy server would compute in small batches, which cost more for each image.
        """
        with self._changed:
            self._expected += images
            if images > 0:
                self._expected_until = time.monotonic() + EXPECTED_SECONDS
            elif self._announced == self._expected == 0:
                self._changed.notify()

    def put(self, work: Work) -> None:
        """Queue images that were announced."""
        with self._changed:
            self._waiting.append(work)
            self._waiting_images += len(work.images)
            self._announced -= len(work.images)
            self._expected_until = time.monotonic() + EXPECTED_SECONDS
            is_first = len(self._waiting) == 1
            is_last = self._announced == self._expected == 0
            if is_first or is_last or self._waiting_images >= self._max_batch:
                self._changed.notify()

    def close(self) -> None:
        """Compute what is waiting, then give the thread back."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._ended.result()

    def _run(self) -> None:
        while works := self._next_batch():
            wanted = [work for work in works if work.is_wanted()]
            if wanted:
                self._deliver(wanted, self._computed(wanted))

    def _next_batch(self) -> list[Work]:
        """What is computed next; empty when the batcher was closed."""
        with self._changed:
            while not self._waiting:
                if self._closed:
                    return []
                self._changed.wait()
            begun = time.monotonic()
            while self._waiting_images < self._max_batch and not self._closed:
                last = begun + self._wait_seconds if self._announced > 0 else begun
                if self._expected > 0:
                    last = max(last, min(self._expected_until, begun + ALL_EXPECTED_SECONDS))
                left = last - time.monotonic()
                if left <= 0:
                    break
                self._changed.wait(left)
            works = [self._waiting.popleft()]
            size = len(works[0].images)
            while self._waiting and size + len(self._waiting[0].images) <= self._max_batch:
                size += len(self._waiting[0].images)
                works.append(self._waiting.popleft())
            self._waiting_images -= size
            return works

    def _computed(self, works: Sequence[Work]) -> Any:
        images = np.concatenate([work.images for work in works])
        started = time.perf_counter()
        try:
            result = self._compute(images)
        except Exception as error:  # told to those who wait; the thread must live on
            return error
        self._on_batch(len(images), time.perf_counter() - started)
        return result
