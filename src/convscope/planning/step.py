"""What one training step does: its operations, and when memory is taken and given back."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple

from convscope.planning.operation import Phase, RecordedOperation, scale

Kind = Literal[
    "parameters",
    "optimizer",
    "average",
    "images",
    "gradients",
    "activations",
    "temporary",
    "workspace",
]


class Event(NamedTuple):
    """A block of memory is taken or given back.

    Attributes:
        block: Number of the block.
        bytes: Size of the block; 0 when it is given back.
        phase: Part of the step in which that happens.
        layer: Path of the module under way.
        operation: Number of operations before it, which is the place of the one under way.
    """

    block: int
    bytes: int
    phase: Phase
    layer: str
    operation: int = 0


@dataclass
class RecordedStep:
    """What one training step does.

    Attributes:
        operations: In order.
        events: Blocks taken and given back, in order.
        kinds: What the blocks hold, where it isn't temporary.
        stand_in: The number of images it was recorded with.
        image_shape: (C, H, W).
        by_numbers: Whether it was computed, on random numbers, as the network decides by numbers
            what to do; what it chose then doesn't grow with the batch.
        resident: Bytes of parameters with buffers, of the optimizer's state, and of the averaged
            network, tensor by tensor.
        unknown: Operations that aren't PyTorch's own, so that nothing is known of their insides.
        inputs: Blocks that modules are given in the forward pass, by path; 0 stands for the
            images and parameters.
        outputs: Blocks that they return.
        overwriting: Paths of modules that change their input in place.
    """

    stand_in: int
    image_shape: tuple[int, int, int]
    by_numbers: bool = False
    operations: list[RecordedOperation] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    kinds: dict[int, Kind] = field(default_factory=dict)
    resident: dict[Kind, list[int]] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    inputs: dict[str, set[int]] = field(default_factory=dict)
    outputs: dict[str, set[int]] = field(default_factory=dict)
    overwriting: set[str] = field(default_factory=set)

    @cached_property
    def distinct(self) -> tuple[RecordedOperation, ...]:
        """One of all operations that take the same time."""
        return tuple({operation.key: operation for operation in self.operations}.values())

    def flops(self, batch_size: int) -> int:
        """Floating point operations of convolutions and matrix products."""
        counts = Counter(operation.key for operation in self.operations)
        return sum(
            counts[operation.key] * operation.at(batch_size, self.stand_in).flops
            for operation in self.distinct
        )

    def forward_flops(self, batch_size: int) -> int:
        """The part of `flops` that the forward pass takes."""
        return sum(
            operation.at(batch_size, self.stand_in).flops
            for operation in self.operations
            if operation.phase == "forward"
        )

    def bytes_taken(self, batch_size: int) -> int:
        """Sum of the blocks taken in the course of the step, however briefly."""
        return sum(scale(event.bytes, batch_size, self.stand_in) for event in self.events)
