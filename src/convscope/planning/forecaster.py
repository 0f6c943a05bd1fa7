"""Forecasts of one workload at any batch size, from a step that is recorded once."""

from __future__ import annotations

import copy
from dataclasses import replace
from functools import cached_property

import torch

from convscope.planning.fixed_costs import fixed_costs
from convscope.planning.forecast import Forecast
from convscope.planning.forecast_notes import forecast_notes
from convscope.planning.history import ForecastOutcome, Range, outcomes, with_range
from convscope.planning.input_time import input_seconds
from convscope.planning.memory import Heap, StepMemory, step_memory
from convscope.planning.record_step import record_step
from convscope.planning.run_time import RunTime, run_time
from convscope.planning.step import RecordedStep
from convscope.planning.times import OperationTimes, Timing, total, working_set
from convscope.planning.training_time import Stopped
from convscope.planning.workload import Workload
from convscope.runtime.allocator import has_thread_cache
from convscope.runtime.contention import BUSY
from convscope.runtime.system_memory import system_memory

# Seconds for each operation besides computing it: Python, bookkeeping of gradients. And for each
# step: learning rate, seeds, counting, the terminal.
OVERHEAD = {"input": 0.0, "forward": 12e-6, "backward": 6e-6, "optimizer": 5e-6}
LOOP_SECONDS = 5e-4
# Memory that was given back is cleared by the system before it is given again: 4 and 5 GB/s in two
# networks (docs/benchmarks.md). Operations are timed with memory kept, as most training has it.
RETURNED_BYTES_PER_SECOND = 4.5e9


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

    def lasting(self, epochs: int | None, minutes: float | None) -> Forecaster:
        """What forecasts the same steps in a run of another length; nothing is measured again.

        Args:
            epochs: Passes over the training images; None: as many as fit in the minutes.
            minutes: Time for training.
        """
        other = copy.copy(self)
        recipe = self.workload.recipe.replace(epochs=epochs, minutes=minutes)
        other.workload = replace(self.workload, recipe=recipe)
        return other

    @cached_property
    def step(self) -> RecordedStep:
        """The step, recorded when it is first asked for.

        Raises:
            RuntimeError: The network can't be recorded.
        """
        workload = self.workload
        return record_step(
            workload.plain_network,
            workload.image_shape,
            workload.execution,
            workload.recipe,
            recomputed=() if workload.recipe.recompute == "auto" else workload.recipe.recompute,
        )

    def computing_seconds(self, batch_size: int, measuring_seconds: float) -> float:
        """Time of a step without making the batch, to compare precisions by.

        Args:
            batch_size: Images per step.
            measuring_seconds: As for `at`.
        """
        phases, _ = self._phases(self.step, batch_size, measuring_seconds, again=False)
        return sum(phases.values())

    def _phases(
        self, step: RecordedStep, batch_size: int, measuring_seconds: float, *, again: bool = True
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
        again: bool = True,
        base_bytes: int | None = None,
        stopped: Stopped | None = None,
    ) -> Forecast:
        """The forecast with this many images per step.

        Args:
            batch_size: Images per step.
            measuring_seconds: The most to spend on timing operations that aren't known yet.
            again: Whether known ones may be timed again.
            base_bytes: The process as it is, images and network included, for a run that is
                about to begin in it; None: a new process.
            stopped: Where a run that goes on was stopped; nothing is chosen by measuring then.
                None: a new run.

        Raises:
            RuntimeError: The network can't be recorded.
        """
        workload = self.workload
        feeding = self._input_seconds(batch_size)
        computing, timings = self._phases(self.step, batch_size, measuring_seconds, again=again)
        phases = {"input": feeding, **computing}
        step_seconds = sum(phases.values()) + LOOP_SECONDS
        if workload.recipe.recompute:
            step_seconds += self.step.bytes_taken(batch_size) / RETURNED_BYTES_PER_SECOND
        _, estimated = total(timings)
        heap = self._heap(is_here=base_bytes is not None)
        memory = step_memory(self.step, batch_size, heap)
        time = run_time(workload, self.step, phases, step_seconds, batch_size, stopped)

        peak = self._peak(memory, batch_size, base_bytes)
        is_unsure = self.step.unknown or self.step.by_numbers or workload.is_compiled
        doubt = estimated + (1.0 if is_unsure else 0.0)
        if self._times.contention > BUSY:
            doubt += 2 * self._times.contention
        past = outcomes("run")
        memory_range = self._memory_range(peak, heap)
        step_range = with_range(step_seconds, "step", outcomes("step"), doubt)
        run_range = _run_range(time, past, doubt + _doubt_of_fixed_costs(time))
        # What a figure is made of is corrected as the figure itself.
        of_step, of_run = step_range.value / step_seconds, run_range.value / time.run
        return Forecast(
            network=workload.name,
            data=workload.data,
            precision=workload.execution.precision,
            batch_size=batch_size,
            size=workload.size,
            memory=memory_range,
            parts=self._parts(memory, peak, round(memory_range.value)),
            available_bytes=system_memory()[1],
            step_memory=memory,
            step=step_range,
            phases={phase: of_step * seconds for phase, seconds in phases.items()},
            epoch=with_range(time.epoch, "run", past, doubt),
            evaluation_seconds=of_run * time.evaluation,
            start_seconds=of_run * time.start,
            final_evaluation_seconds=of_run * time.final_evaluation,
            run=run_range,
            epochs=time.epochs,
            steps_per_epoch=time.steps_per_epoch,
            flops=self.step.flops(batch_size),
            estimated=estimated,
            uncorrected={
                "step": step_seconds,
                "run": time.run,
                "memory": float(peak),
                "predictions": time.predictions,
            },
            notes=(
                *self.more_notes,
                *forecast_notes(workload, self.step, self._times, estimated, batch_size),
            ),
        )

    def _parts(self, memory: StepMemory, peak: int, corrected: int) -> dict[str, int]:
        """What the peak is for, each part corrected as the whole; the process is the rest."""
        parts: dict[str, int] = {str(kind): size for kind, size in memory.parts.items()}
        parts["data set"] = self.workload.data_set_bytes
        parts["reserve of the allocator"] = memory.heap - memory.live
        found = {name: round(size * corrected / peak) for name, size in parts.items()}
        return {**found, "process": corrected - sum(found.values())}

    def memory_at(self, batch_size: int) -> Range:
        """Peak resident memory of a new process, in bytes; nothing is timed for it.

        Args:
            batch_size: Images per step.
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
        weights = resident["parameters"] + resident["average"]
        # A run begins with a forecast, whose timing takes memory as well: its tensors, as much
        # again for results that are kept, and the largest kernel of all, with its gradient if
        # both find room beside those (as measured with large dense layers).
        pool = working_set(self.step, batch_size)
        kernel = max(self.step.resident["parameters"], default=0)
        timing = 2 * pool + (2 if kernel <= pool else 1) * kernel
        timing += weights
        training = costs.late_bytes + max(memory.heap, timing)
        peak = max(training, costs.final_evaluation_bytes + weights)
        if base_bytes is None:
            return peak + costs.start_bytes + self.workload.data_set_bytes
        return peak + base_bytes - weights

    def _memory_range(self, peak: int, heap: Heap) -> Range:
        doubt = 2.0 if self.step.unknown or self.step.by_numbers else 0.0
        if heap == "kept with thread caches":  # which break it up by chance
            doubt = max(doubt, 1.0)
        return with_range(peak, "memory", outcomes("memory"), doubt)


def _doubt_of_fixed_costs(time: RunTime) -> float:
    """Share of the run whose length is that of another machine, before the first run on this."""
    costs, are_measured = fixed_costs()
    if are_measured:
        return 0.0
    return (costs.start_seconds + costs.final_evaluation_seconds) / time.run


def _run_range(time: RunTime, past: list[ForecastOutcome], doubt: float) -> Range:
    """The range of the whole run; where a given time ends the training, that part is sure."""
    run = with_range(time.run, "run", past, doubt)
    unsure = 1 - time.given / run.value
    rest = with_range(time.run * unsure, "run", past, doubt)
    return Range(run.value, time.given + rest.low, time.given + rest.high)
