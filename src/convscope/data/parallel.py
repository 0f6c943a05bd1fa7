"""Doing the same to many things at once, with the results in order and few of them waiting."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

CHUNK = 32
"""Items per task: fewer tasks cost less to hand out, smaller ones hold less memory."""


def map_in_order(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    advance: Callable[[int], None] = lambda steps: None,
    *,
    workers: int | None = None,
    chunk: int = CHUNK,
) -> Iterator[Result]:
    """`map(function, items)` on threads, for functions that let go of the interpreter's lock.

    Args:
        function: Called once per item.
        items: What to work on.
        advance: Called with the number of items just finished.
        workers: Threads; None: one for each processor.
        chunk: Items per task.

    Yields:
        The results, in the order of the items. Only a few chunks are worked on ahead of the one
        that is taken, so memory stays bounded however many items there are.
    """
    workers = workers or os.cpu_count() or 1
    chunks = (items[start : start + chunk] for start in range(0, len(items), chunk))
    waiting: deque[Future[list[Result]]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        for part in chunks:
            waiting.append(pool.submit(lambda part: [function(item) for item in part], part))
            if len(waiting) > 2 * workers:
                yield from _finish(waiting, advance)
        while waiting:
            yield from _finish(waiting, advance)


def _finish(waiting: deque[Future[list[Result]]], advance: Callable[[int], None]) -> list[Result]:
    results = waiting.popleft().result()
    advance(len(results))
    return results
