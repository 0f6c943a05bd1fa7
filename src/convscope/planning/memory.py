"""How much memory a training step takes, divided into what it is for."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from convscope.planning.heap import heap_growth
from convscope.planning.operation import scale
from convscope.planning.step import Event, Kind, RecordedStep

# What becomes of freed memory: it stays with the process, as in training that was begun by the
# command or from Python (with glibc's caches of threads), or goes back to the system.
Heap: TypeAlias = Literal["kept", "kept with thread caches", "returned"]

# What a heap takes beyond what is in use, where its library can't be asked.
SPREAD = 1.15
# What it takes beyond what its library tells: threads take their blocks in an order of chance.
MARGIN = 1.05


@dataclass(frozen=True)
class StepMemory:
    """Memory of one training step on a processor.

    Attributes:
        parts: At the moment when most is in use, bytes of each kind.
        layers: Activations kept for the backward pass, bytes by module path, in order.
        timeline: Bytes in use after each time a block was taken or given back.
        turning_point: Index in the timeline at which the backward pass begins.
        live: Largest number of bytes in use at once, parameters and optimizer included.
        heap: Bytes by which the process grows, with what the C library can't reuse.
    """

    parts: dict[Kind, int]
    layers: dict[str, int]
    timeline: tuple[int, ...]
    turning_point: int
    live: int
    heap: int


def step_memory(step: RecordedStep, batch_size: int, heap: Heap = "kept") -> StepMemory:
    """The memory of a recorded step.

    Args:
        step: As recorded.
        batch_size: Images.
        heap: What becomes of freed memory.
    """
    events = [
        event._replace(bytes=scale(event.bytes, batch_size, step.stand_in)) for event in step.events
    ]
    channels, height, width = step.image_shape
    images = 4 * batch_size * channels * height * width
    resident = {kind: sum(sizes) for kind, sizes in step.resident.items()}
    held = images + sum(resident.values())
    in_use: Counter[Kind] = Counter()
    sizes: dict[int, int] = {}
    timeline, most, parts = [], -1, Counter[Kind]()
    turning_point = len(events)
    for index, event in enumerate(events):
        kind = step.kinds.get(event.block, "temporary")
        if event.bytes:
            sizes[event.block] = event.bytes
            in_use[kind] += event.bytes
        else:
            in_use[kind] -= sizes.pop(event.block, 0)
        if event.phase == "backward":
            turning_point = min(turning_point, index)
        now = in_use.total()
        timeline.append(held + now)
        if now > most:
            most, parts = now, Counter(in_use)
    grown = most + images
    if heap != "returned":
        has_caches = heap == "kept with thread caches"
        growth = heap_growth(events, len(step.operations), images, thread_cache=has_caches)
        grown = round(SPREAD * grown) if growth is None else round(MARGIN * max(growth, grown))
    every_part: dict[Kind, int] = dict.fromkeys(get_args(Kind), 0)
    every_part |= {**resident, "images": images, **parts}
    return StepMemory(
        parts=every_part,
        layers=_kept_by_layer(step, events),
        timeline=tuple(timeline),
        turning_point=turning_point,
        live=held + most,
        heap=sum(resident.values()) + grown,
    )


def _kept_by_layer(step: RecordedStep, events: list[Event]) -> dict[str, int]:
    layers: Counter[str] = Counter()
    for event in events:
        if event.bytes and step.kinds.get(event.block) == "activations":
            layers[event.layer] += event.bytes
    return dict(layers)
