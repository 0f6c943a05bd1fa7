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

    @property
    def peak(self) -> int:
        """Index of the first event after which most is in use."""
        return int(self.bytes.sum(axis=0).argmax())

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


@dataclass(frozen=True)
class HeldBlock:
    """A block of memory that is in use.

    Attributes:
        kind: What it holds.
        layer: Path of the module that was under way when it was taken; "" outside of any.
        bytes: Size of the block.
    """

    kind: Kind
    layer: str
    bytes: int


@dataclass(frozen=True)
class PeakMoment:
    """The moment of a step at which most memory is in use.

    Attributes:
        phase: Part of the step.
        layer: Path of the module under way; "" outside of any, as in the backward pass.
        operation: PyTorch's name of the function under way, as in "convolution_backward".
        shapes: Shapes of the tensors that it is given.
        largest: The largest blocks in use besides parameters and batch, the largest first.
    """

    phase: str
    layer: str
    operation: str
    shapes: tuple[tuple[int, ...], ...]
    largest: tuple[HeldBlock, ...]


def find_peak(step: RecordedStep, batch_size: int, most: int = 5) -> PeakMoment | None:
    """What is under way, and what is held, when a step needs most memory; None for an empty step.

    Args:
        step: As recorded.
        batch_size: Images.
        most: Blocks to name.
    """
    if not step.events:
        return None
    at = memory_timeline(step, batch_size).peak
    event = step.events[at]
    held = {}
    for each in step.events[: at + 1]:
        if each.bytes:
            held[each.block] = each
        else:
            held.pop(each.block, None)
    blocks = [
        HeldBlock(
            step.kinds.get(each.block, "temporary"),
            each.layer,
            scale(each.bytes, batch_size, step.stand_in),
        )
        for each in held.values()
    ]
    blocks.sort(key=lambda block: -block.bytes)
    operation = step.operations[min(event.operation, len(step.operations) - 1)]
    now = operation.at(batch_size, step.stand_in)
    return PeakMoment(
        phase=event.phase,
        layer=event.layer,
        operation=str(operation.function.overloadpacket).removeprefix("aten."),
        shapes=tuple(shape.sizes for shape in now.inputs),
        largest=tuple(blocks[:most]),
    )
