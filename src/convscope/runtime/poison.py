"""Memory that reads NaN where nobody has written since: it shows what a kernel leaves unwritten."""

from __future__ import annotations

from collections.abc import Iterable

import torch

BLOCKS = 4  # of each size and type: some will be taken for other things than what is looked at


def poison_heap(sizes: Iterable[int]) -> None:
    """Fill blocks of the heap with NaN and free them, so that the next ones taken hold NaN.

    Args:
        sizes: How many numbers a block holds; of each, some are made in bfloat16 and in float32.
            The blocks of one size are freed before the next are made.
    """
    for size in sorted(set(sizes)):
        blocks = [
            torch.full((size,), float("nan"), dtype=dtype)
            for dtype in (torch.bfloat16, torch.float32)
            for _ in range(BLOCKS)
        ]
        del blocks
