"""Forecasts for machines that aren't there, from their makers' figures alone: a roofline.

An operation takes as long as computing or moving its numbers takes, whichever is longer (Williams,
Waterman and Patterson 2009, "Roofline: an insightful visual performance model"). How much of the
stated rates is reached is fitted to published training speeds (docs/benchmarks.md). That is rougher
than timing the operations, which is what a forecast for this machine does.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch

from convscope.look import numbers
from convscope.look.numbers import duration, percent
from convscope.look.printed import Paragraph, Part, Printed, TextTable
from convscope.planning.cuda_memory import cuda_memory
from convscope.planning.forecaster import LOOP_SECONDS, Forecaster
from convscope.planning.forecasters import choose_recomputation
from convscope.planning.history import Range
from convscope.planning.machines import MachineSpec
from convscope.planning.memory import step_memory
from convscope.planning.operation import RecordedOperation
from convscope.planning.workload import Workload
from convscope.runtime.execution import Precision

# Shares of the stated rates, fitted to six networks on a V100 (docs/benchmarks.md).
COMPUTE_SHARE = 0.75
BANDWIDTH_SHARE = 0.5
LAUNCH_SECONDS = 10e-6  # of an operation, by Python and PyTorch, where it isn't hidden by computing
# 3×3 and 5×5 convolutions of stride 1 in float32 by F(2×2, 3×3) take 16 products instead of 36
# (Lavin and Gray 2016, "Fast algorithms for convolutional neural networks").
WINOGRAD_SAVING = 36 / 16
TILE = 128  # channels that a graphics processor computes together, whether there are as many or not
CONTEXT_BYTES = 500e6  # of CUDA or the process with its libraries, before anything is computed
RESERVE = 1.5  # the most that workspaces and fragmentation make of what is in use
# The range. The fit missed by up to 1.37 what it wasn't fitted to, and steps that consist of
# launching alone by up to 4; for processors there is nothing to compare with.
SPREAD = {"gpu": 2.0, "cpu": 3.0}

Limit = Literal["computing", "memory bandwidth", "launching operations"]


@dataclass(frozen=True)
class ElsewhereForecast(Printed):
    """A rough forecast for another machine.

    Attributes:
        machine: What its maker states of the machine.
        network: Name of the network.
        data: What the images are called.
        precision: "float32" or "bfloat16", in which that machine computes.
        batch_size: Images per step.
        size: Height and width of the images.
        step: Seconds per training step.
        epoch: Seconds of an epoch: training and the evaluation after it.
        run: Seconds of all epochs; None where minutes decide, not epochs.
        memory: Peak of the device's memory, or of the process on a processor; bytes.
        fits: Whether the memory is enough: True, False, or None where that can't be said.
        limits: Share of the step's time by what it is that limits.
        notes: What a reader must know besides.
    """

    machine: MachineSpec
    network: str
    data: str
    precision: Precision
    batch_size: int
    size: int
    step: Range
    epoch: Range
    run: Range | None
    memory: Range
    fits: bool | None
    limits: dict[Limit, float]
    notes: tuple[str, ...]

    @property
    def images_per_second(self) -> float:
        """Images per second in training, without evaluation."""
        return self.batch_size / self.step.value

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold; seconds and bytes."""
        return {
            "machine": self.machine.model_dump(),
            "network": self.network,
            "data": self.data,
            "precision": self.precision,
            "batch_size": self.batch_size,
            "size": self.size,
            "step_seconds": _as_json(self.step),
            "epoch_seconds": _as_json(self.epoch),
            "run_seconds": None if self.run is None else _as_json(self.run),
            "images_per_second": self.images_per_second,
            "memory_bytes": _as_json(self.memory),
            "fits": self.fits,
            "limits": self.limits,
            "notes": list(self.notes),
        }

    def shown(self) -> Iterator[Part]:
        """The figures with their ranges, what limits the step, and the notes."""
        yield Paragraph(
            f"{self.network} on {self.data}, {self.size}×{self.size} pixels, "
            f"batch {self.batch_size}, {self.precision}, on {self.machine.name}"
        )
        yield Paragraph("Rough: from the maker's figures, nothing was measured there.", "yellow")
        yield Paragraph("")
        figures = {"step": self.step, "epoch": self.epoch, "all epochs": self.run}
        rows = [
            (what, *map(duration, (figure.value, figure.low, figure.high)))
            for what, figure in figures.items()
            if figure is not None
        ]
        memory = self.memory
        rows.append(("memory", *map(numbers.size, (memory.value, memory.low, memory.high))))
        yield TextTable("", ("", "forecast", "from", "to"), rows)
        yield Paragraph("")
        yield Paragraph(f"{self.images_per_second:,.0f} images/s in training. {_room(self)}")
        shares = sorted(self.limits.items(), key=lambda each: -each[1])
        limits = ", ".join(f"{limit} {percent(share, 0)}" for limit, share in shares)
        yield Paragraph(f"What limits the step: {limits}.")
        for note in self.notes:
            yield Paragraph(note, "dim")
        yield Paragraph(
            f"Without start-up and evaluation at the end. Rates by: {self.machine.source}.", "dim"
        )


def _room(found: ElsewhereForecast) -> str:
    if found.machine.memory is None:
        return "Its memory isn't known here."
    room = numbers.size(found.machine.memory)
    if found.fits is None:
        return f"It may or may not fit into {room}."
    return f"It fits into {room}." if found.fits else f"It doesn't fit into {room}."


def forecast_elsewhere(
    workload: Workload, machine: MachineSpec, batch_size: int
) -> ElsewhereForecast:
    """Forecast a training run on another machine; nothing is timed.

    Start-up, the preparation of images and the evaluation at the end are left out.

    Args:
        workload: The run, in the precision that is wanted.
        machine: The other machine.
        batch_size: Images per step.

    Raises:
        RuntimeError: The network can't be recorded.
    """
    notes = []
    precision = workload.execution.precision
    if precision == "bfloat16" and machine.bfloat16 is None:
        precision = "float32"
        notes.append(f"{machine.name} has no matrix units for bfloat16, so this is for float32.")
    # Convolutions as this processor's matrix products are of no use elsewhere.
    execution = replace(
        workload.execution, device=torch.device("cpu"), precision=precision, plan={}
    )
    step = Forecaster(choose_recomputation(replace(workload, execution=execution))).step
    operations = [each.at(batch_size, step.stand_in) for each in step.operations]
    seconds, forward, limits = _time(operations, machine)
    launching = limits["launching operations"]
    high = SPREAD[machine.kind] * 2**launching

    def rough(value: float) -> Range:
        return Range(value, value / SPREAD[machine.kind], value * high)

    counts, recipe = workload.counts, workload.recipe
    steps = math.ceil(counts["train"] / batch_size)
    monitored = counts.get("validation") or counts.get("test", 0)
    epoch = steps * seconds + monitored * forward / batch_size
    run = rough(recipe.epochs * epoch) if recipe.epochs and not recipe.minutes else None

    if machine.kind == "cpu":  # where the images lie beside the network
        live = step_memory(step, batch_size, "returned").live
        live += sum(counts.values()) * math.prod(workload.stored_shape)
        most = live
    else:
        device = cuda_memory(step, batch_size)
        live, most = device.allocated, device.reserved
        notes.append(
            f"Of the memory, {numbers.size(live)} are allocated to tensors and "
            f"{numbers.size(most)} "
            "reserved, by the rules of PyTorch's allocator; not yet compared with such a device."
        )
    memory = Range(most + CONTEXT_BYTES, live + CONTEXT_BYTES / 2, RESERVE * most + CONTEXT_BYTES)
    if launching > 0.5:
        notes.append(
            "Most of the step is launching operations, so it depends on that machine's processor; "
            "the range is wider for it. Larger batches use the machine better."
        )
    if step.unknown:
        notes.append(
            f"Nothing is known of what these operations take inside: {', '.join(step.unknown)}. "
            "They count by what they read and write."
        )
    return ElsewhereForecast(
        machine=machine,
        network=workload.name,
        data=workload.data,
        precision=precision,
        batch_size=batch_size,
        size=workload.size,
        step=rough(seconds),
        epoch=rough(epoch),
        run=run,
        memory=memory,
        fits=_fits(memory, machine),
        limits=limits,
        notes=tuple(notes),
    )


def _time(
    operations: list[RecordedOperation], machine: MachineSpec
) -> tuple[float, float, dict[Limit, float]]:
    """Seconds of a step, of its forward pass, and shares by what limits."""
    by_limit: dict[Limit, float] = {
        "computing": 0.0,
        "memory bandwidth": 0.0,
        "launching operations": LOOP_SECONDS,
    }
    forward = 0.0
    for operation in operations:
        computing = _products(operation, machine) / (COMPUTE_SHARE * _rate(operation, machine))
        moving = operation.bytes / (BANDWIDTH_SHARE * machine.bandwidth)
        by_limit["computing" if computing > moving else "memory bandwidth"] += max(
            computing, moving
        )
        by_limit["launching operations"] += LAUNCH_SECONDS
        if operation.phase == "forward":
            forward += max(computing, moving) + LAUNCH_SECONDS
    total = sum(by_limit.values())
    return total, forward, {limit: seconds / total for limit, seconds in by_limit.items()}


def _rate(operation: RecordedOperation, machine: MachineSpec) -> float:
    """Floating point operations per second for the type of the operation's numbers."""
    if operation.inputs and operation.inputs[0].dtype == torch.bfloat16:
        return machine.bfloat16 or machine.float32
    is_convolution = "convolution" in str(operation.function)
    # PyTorch's default: TF32 for cuDNN's convolutions, not for matrix products.
    return machine.tf32 if machine.tf32 and is_convolution else machine.float32


def _products(operation: RecordedOperation, machine: MachineSpec) -> float:
    """Floating point operations that are really computed: some are saved, some are in vain."""
    if machine.kind == "cpu" or not operation.flops or "convolution" not in str(operation.function):
        return operation.flops
    is_backward = "backward" in str(operation.function)
    images, kernels = operation.inputs[1:3] if is_backward else operation.inputs[:2]
    maps = operation.inputs[0] if is_backward else operation.results[0]
    # A convolution is a product of matrices with these two sides.
    channels = min(kernels.sizes[0], math.prod(kernels.sizes[1:]))
    filled = channels / (TILE * math.ceil(channels / TILE))
    sides = kernels.sizes[2:]
    stays_as_large = maps.sizes[-1] > images.sizes[-1] - sides[-1]
    if (
        all(side in (3, 5) for side in sides)
        and stays_as_large
        and machine.tf32 is None
        and images.dtype == torch.float32
    ):
        return operation.flops / filled / WINOGRAD_SAVING
    return operation.flops / filled


def _fits(memory: Range, machine: MachineSpec) -> bool | None:
    if machine.memory is None or memory.low <= machine.memory < memory.high:
        return None
    return memory.high <= machine.memory


def _as_json(figure: Range) -> dict[str, float]:
    return {"value": figure.value, "low": figure.low, "high": figure.high}
