"""The forecast of a run: time and memory, each with a range, and what they are made of."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import torch
from torch import nn

from convscope.planning.cuda_memory import cuda_memory
from convscope.planning.fixed_costs import fixed_costs
from convscope.planning.history import Range, outcomes, with_range
from convscope.planning.input_time import input_seconds
from convscope.planning.memory import Heap, StepMemory, step_memory
from convscope.planning.step import Step, record_step
from convscope.planning.times import OperationTimes, Timing, total, working_set
from convscope.runs.optimization import make_optimizer
from convscope.runs.recipe import Recipe
from convscope.runtime.allocator import has_thread_cache
from convscope.runtime.contention import BUSY
from convscope.runtime.execution import Execution

# Seconds for each operation besides computing it: Python, bookkeeping of gradients. And for each
# step: learning rate, seeds, counting, the terminal.
OVERHEAD = {"input": 0.0, "forward": 12e-6, "backward": 6e-6, "optimizer": 5e-6}
LOOP_SECONDS = 5e-4
# Memory that was given back is cleared by the system before it is given again: 4 and 5 GB/s in two
# networks (docs/benchmarks.md). Operations are timed with memory kept, as most training has it.
RETURNED_BYTES_PER_SECOND = 4.5e9
CHECKPOINT_BYTES_PER_SECOND = 4e8  # with checksum, written to disk for good
PROBE_STEPS = 20  # steps of 32 pictures that measuring precision and threads amounts to
PROBE_PICTURES = 32


@dataclass(frozen=True)
class Workload:
    """What is to be forecast.

    Attributes:
        name: Of the network.
        network: On any device, also "meta"; isn't touched.
        stored_shape: (C, H, W) of the pictures as the data has them.
        size: Height and width they are resized to.
        counts: Pictures of each split.
        recipe: How they are trained on; `epochs` or `minutes` decide how long.
        execution: Device, precision, threads and algorithms.
    """

    name: str
    network: nn.Module = field(repr=False)
    stored_shape: tuple[int, int, int]
    size: int
    counts: Mapping[str, int]
    recipe: Recipe
    execution: Execution

    @property
    def picture_shape(self) -> tuple[int, int, int]:
        """(C, H, W) as the network gets them."""
        return (self.stored_shape[0], self.size, self.size)


@dataclass(frozen=True)
class Forecast:
    """What a run will take on this machine.

    Attributes:
        network: Its name.
        precision: Of the computation.
        batch_size: Pictures per step.
        size: Height and width of the pictures.
        memory: Peak resident memory of the process, bytes.
        parts: Of which, by what it is for.
        step_memory: The same of a single step, over its course and by layer.
        step: Seconds per training step.
        phases: Seconds of a step by phase, uncorrected.
        epoch_seconds: Training, evaluation and checkpoint.
        evaluation_seconds: Of one evaluation after an epoch.
        start_seconds: Loading and measuring before the first step.
        judging_seconds: After the last step.
        run: Seconds of the whole run.
        epochs: Passes over the training pictures.
        steps_per_epoch: Steps in each.
        flops: Floating point operations of convolutions and matrix products in a step.
        uncorrected: "step", "run" and "memory" before correction by history.
        notes: What a reader must know besides.
    """

    network: str
    precision: str
    batch_size: int
    size: int
    memory: Range
    parts: dict[str, int]
    step_memory: StepMemory = field(repr=False)
    step: Range
    phases: dict[str, float]
    epoch_seconds: float
    evaluation_seconds: float
    start_seconds: float
    judging_seconds: float
    run: Range
    epochs: float
    steps_per_epoch: int
    flops: int
    uncorrected: dict[str, float] = field(repr=False)
    notes: tuple[str, ...]

    @property
    def pictures_per_second(self) -> float:
        """In training, without evaluation."""
        return self.batch_size / self.step.value

    def as_json(self) -> dict[str, Any]:
        """Plain data that JSON can hold; seconds and bytes."""
        return {
            "network": self.network,
            "batch_size": self.batch_size,
            "size": self.size,
            "precision": self.precision,
            "memory": {
                "peak_bytes": round(self.memory.value),
                "low": round(self.memory.low),
                "high": round(self.memory.high),
                "parts": self.parts,
                "layers": self.step_memory.layers,
            },
            "time": {
                "step_seconds": self.step.value,
                "step_low": self.step.low,
                "step_high": self.step.high,
                "epoch_seconds": self.epoch_seconds,
                "evaluation_seconds": self.evaluation_seconds,
                "start_seconds": self.start_seconds,
                "judging_seconds": self.judging_seconds,
                "run_seconds": self.run.value,
                "low": self.run.low,
                "high": self.run.high,
                "epochs": self.epochs,
                "steps_per_epoch": self.steps_per_epoch,
                "pictures_per_second": self.pictures_per_second,
            },
            "flops": self.flops,
            "notes": list(self.notes),
        }


class Forecaster:
    """Forecasts a workload at any batch size.

    Args:
        workload: What is to be forecast.

    Attributes:
        workload: What is to be forecast.
        more_notes: What a reader must know besides what is found here.
    """

    def __init__(self, workload: Workload) -> None:
        self.workload = workload
        self.more_notes: tuple[str, ...] = ()
        self._times = OperationTimes(workload.execution.threads or torch.get_num_threads())
        self._feeding: dict[int, float] = {}

    @cached_property
    def step(self) -> Step:
        """The step, recorded when it is first asked for.

        Raises:
            RuntimeError: The network can't be recorded.
        """
        workload = self.workload
        return record_step(
            getattr(workload.network, "_orig_mod", workload.network),
            workload.picture_shape,
            workload.execution,
            partial(make_optimizer, recipe=workload.recipe),
            recomputed=() if workload.recipe.recompute == "auto" else workload.recipe.recompute,
        )

    def computing_seconds(
        self, batch_size: int, measuring_seconds: float, *, in_float32: bool = False
    ) -> float:
        """Time of a step without making the batch, to compare precisions by.

        Args:
            batch_size: Pictures per step.
            measuring_seconds: As for `at`.
            in_float32: As if nothing were shortened to bfloat16, from the same record.
        """
        step = self.step.all_float32 if in_float32 else self.step
        phases, _ = self._phases(step, batch_size, measuring_seconds, again=False)
        return sum(phases.values())

    def _phases(
        self, step: Step, batch_size: int, measuring_seconds: float, *, again: bool = True
    ) -> tuple[dict[str, float], list[Timing]]:
        """Seconds of each phase, making the batch left out, and those of the operations."""
        with self.workload.execution.using_threads():
            timings = self._times.of_step(step, batch_size, measuring_seconds, again=again)
        self._times.save()
        phases = {"forward": 0.0, "backward": 0.0, "optimizer": 0.0}
        for operation, timing in zip(step.operations, timings, strict=True):
            phases[operation.phase] += timing.seconds + OVERHEAD[operation.phase]
        return phases, timings

    def _input_seconds(self, batch_size: int) -> float:
        if batch_size not in self._feeding:
            with self.workload.execution.using_threads():
                self._feeding[batch_size] = input_seconds(self.workload, batch_size)
        return self._feeding[batch_size]

    def at(
        self,
        batch_size: int,
        *,
        measuring_seconds: float = 0.6,
        base_bytes: int | None = None,
        steps_left: int | None = None,
    ) -> Forecast:
        """The forecast with this many pictures per step.

        Args:
            batch_size: Pictures per step.
            measuring_seconds: The most to spend on timing operations that aren't known yet.
            base_bytes: The process as it is, pictures and network included, for a run that is
                about to begin in it; None: a new process.
            steps_left: Of a run that goes on, in which nothing is chosen by measuring; None: a
                new run.

        Raises:
            RuntimeError: The network can't be recorded.
        """
        workload, recipe, counts = self.workload, self.workload.recipe, self.workload.counts
        feeding = self._input_seconds(batch_size)
        computing, timings = self._phases(self.step, batch_size, measuring_seconds)
        phases = {"input": feeding, **computing}
        step_seconds = sum(phases.values()) + LOOP_SECONDS
        if recipe.recompute:
            step_seconds += self.step.bytes_taken(batch_size) / RETURNED_BYTES_PER_SECOND
        _, estimated = total(timings)
        heap = self._heap(is_here=base_bytes is not None)
        memory = step_memory(self.step, batch_size, heap)
        costs, _ = fixed_costs()

        steps = max(1, math.ceil(counts["train"] / batch_size))
        per_picture = (phases["forward"] + feeding) / batch_size
        monitored = counts.get("validation") or counts.get("test", 0)
        evaluation = monitored * per_picture
        weights = sum(self.step.resident["parameters"]) + sum(self.step.resident["optimizer"])
        epoch = steps * step_seconds + evaluation + 2 * weights / CHECKPOINT_BYTES_PER_SECOND
        # The last judgement computes in float32, whatever training does.
        slower = 2.5 if workload.execution.precision == "bfloat16" else 1.0
        judged = counts.get("test", 0) + counts.get("validation", 0)
        judging = costs.judging_seconds + judged * per_picture * slower
        start = costs.start_seconds
        epochs = float(recipe.epochs or 0)
        if recipe.minutes is not None:
            corrected = epoch * with_range(1.0, "run", outcomes("run")).value
            fitting = 60 * recipe.minutes / corrected
            epochs = min(epochs, fitting) if recipe.epochs else fitting
        if steps_left is None:
            start += PROBE_STEPS * PROBE_PICTURES * step_seconds / batch_size
        else:
            epochs = steps_left / steps
        run_seconds = start + epochs * epoch + judging

        peak = self._peak(memory, batch_size, base_bytes)
        parts: dict[str, int] = {str(kind): size for kind, size in memory.parts.items()}
        parts["data set"] = self._data_set_bytes
        parts["reserve of the allocator"] = memory.heap - memory.live
        parts["process"] = peak - sum(parts.values())

        notes = self._notes(estimated, batch_size)
        doubt = estimated + (1.0 if self.step.unknown or self._is_compiled else 0.0)
        if self._times.contention > BUSY:
            doubt += 2 * self._times.contention
        uncorrected = {"step": step_seconds, "run": run_seconds, "memory": float(peak)}
        return Forecast(
            network=workload.name,
            precision=workload.execution.precision,
            batch_size=batch_size,
            size=workload.size,
            memory=self._memory_range(peak, heap),
            parts=parts,
            step_memory=memory,
            step=with_range(step_seconds, "step", outcomes("step"), doubt),
            phases=phases,
            epoch_seconds=epoch,
            evaluation_seconds=evaluation,
            start_seconds=start,
            judging_seconds=judging,
            run=with_range(run_seconds, "run", outcomes("run"), doubt),
            epochs=epochs,
            steps_per_epoch=steps,
            flops=self.step.flops(batch_size),
            uncorrected=uncorrected,
            notes=notes,
        )

    def memory_at(self, batch_size: int) -> Range:
        """Peak resident memory of a new process, in bytes; nothing is timed for it.

        Args:
            batch_size: Pictures per step.
        """
        heap = self._heap(is_here=False)
        memory = step_memory(self.step, batch_size, heap)
        return self._memory_range(self._peak(memory, batch_size, None), heap)

    def _heap(self, *, is_here: bool) -> Heap:
        """What becomes of freed memory in a run of this process, or of one that the command begins.

        As the training loop has it: what recomputation saves isn't kept.
        """
        if self.workload.recipe.recompute:
            return "returned"
        return "kept with thread caches" if is_here and has_thread_cache() else "kept"

    def _peak(self, memory: StepMemory, batch_size: int, base_bytes: int | None) -> int:
        costs, _ = fixed_costs()
        resident = {kind: sum(sizes) for kind, sizes in self.step.resident.items()}
        weights = resident["parameters"] + resident["optimizer"]
        # A run begins with a forecast, whose timing takes memory as well: its tensors, as much
        # again for results that are kept, and the largest kernel of all, with its gradient if
        # both find room beside those (as measured with large dense layers).
        pool = working_set(self.step, batch_size)
        kernel = max(self.step.resident["parameters"], default=0)
        timing = 2 * pool + (2 if kernel <= pool else 1) * kernel
        timing += resident["parameters"]
        training = costs.late_bytes + max(memory.heap, timing)
        training += weights if self.workload.recipe.ema is not None else 0
        peak = max(training, costs.judging_bytes + resident["parameters"])
        if base_bytes is None:
            return peak + costs.start_bytes + self._data_set_bytes
        return peak + base_bytes - resident["parameters"]

    def _memory_range(self, peak: int, heap: Heap) -> Range:
        doubt = 2.0 if self.step.unknown else 0.0
        if heap == "kept with thread caches":  # which break it up by chance
            doubt = max(doubt, 1.0)
        return with_range(peak, "memory", outcomes("memory"), doubt)

    @property
    def _data_set_bytes(self) -> int:
        return sum(self.workload.counts.values()) * math.prod(self.workload.stored_shape)

    @property
    def _is_compiled(self) -> bool:
        return hasattr(self.workload.network, "_orig_mod")

    def _notes(self, estimated: float, batch_size: int) -> tuple[str, ...]:
        notes = list(self.more_notes)
        if self._times.contention > BUSY:
            notes.append(
                "Another program is using the processors: operations that were timed waited for "
                f"one {self._times.contention:.0%} of the time, so the forecast may be too long. "
                "The range is wider for it, and nothing of it is kept."
            )
        if self._is_compiled:
            notes.append(
                "The network is compiled (torch.compile): compiling takes time and changes the "
                "speed, and neither is known here. The forecast is that of the plain network."
            )
        if self.step.unknown:
            notes.append(
                f"Nothing is known of what these operations take inside: "
                f"{', '.join(self.step.unknown)}. The range is wider for it."
            )
        if self._times.not_timed:
            notes.append(
                f"These operations can't be timed by themselves, so their time is a guess: "
                f"{', '.join(sorted(self._times.not_timed))}."
            )
        if estimated > 0.05:
            notes.append(
                f"{estimated:.0%} of the step's time was estimated from similar operations; "
                "planning again measures more of them."
            )
        if not fixed_costs()[1]:
            notes.append(
                "This machine hasn't been calibrated, so start-up and the process's own memory are "
                "those of another. Once: convscope doctor --calibrate"
            )
        if self.workload.execution.device.type != "cpu":
            device = cuda_memory(self.step, batch_size)
            notes.append(
                "Times and memory are measured on the processor; for this device they are not "
                "known before the first steps. By its allocator's rules, a step needs "
                f"{device.allocated / 1e9:.3g} GB allocated and {device.reserved / 1e9:.3g} GB "
                "reserved; this has not been compared with such a device."
            )
        return tuple(notes)
