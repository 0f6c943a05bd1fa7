"""What holds the memory of a training step at every moment of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from convscope.planning.operation import scale
from convscope.planning.step import Kind, RecordedStep

# From the bottom of the image upwards: what is always there, then what comes and goes.
KINDS: tuple[Kind, ...] = (
    "parameters",
    "optimizer",
    "average",
    "images",
    "gradients",
    "activations",
    "temporary",
    "workspace",
)


@dataclass(frozen=True)
class MemoryTimeline:
    """The memory of a step at every event.

    Attributes:
        bytes: (kind in the order of `KINDS`, event), in use after the event.
        phases: Phase of the step in which each event falls.
    """

    bytes: NDArray[np.int64]
    phases: tuple[str, ...]

    def first(self, phase: str) -> int | None:
        """Index of the first event of a phase; None without any."""
        return self.phases.index(phase) if phase in self.phases else None


def memory_timeline(step: RecordedStep, batch_size: int) -> MemoryTimeline:
    """Follow the recorded blocks.

    Args:
        step: As recorded.
        batch_size: Images.
    """
    channels, height, width = step.image_shape
    in_use: Counter[Kind] = Counter({kind: sum(sizes) for kind, sizes in step.resident.items()})
    in_use["images"] += 4 * batch_size * channels * height * width
    held: dict[int, int] = {}
    columns = []
    for event in step.events:
        kind = step.kinds.get(event.block, "temporary")
        if event.bytes:
            size = scale(event.bytes, batch_size, step.stand_in)
            held[event.block] = size
            in_use[kind] += size
        else:
            in_use[kind] -= held.pop(event.block, 0)
        columns.append([in_use[kind] for kind in KINDS])
    table = np.array(columns, np.int64).reshape(len(columns), len(KINDS)).T
    return MemoryTimeline(table, tuple(event.phase for event in step.events))
