"""The forecast of a run: time and memory, each with a range, and what they are made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from convscope.look import numbers
from convscope.look.language import pick
from convscope.look.numbers import duration, percent
from convscope.look.printed import Paragraph, Part, Printed, SideBySide, TextTable
from convscope.planning.history import COVERAGE, Range
from convscope.planning.memory import StepMemory
from convscope.planning.words import range_words

SHOWN_LAYERS = 5  # that keep most for the backward pass


@dataclass(frozen=True)
class Forecast(Printed):
    """What a run will take on this machine. All figures are corrected by how earlier ones went.

    Attributes:
        network: Name of the network.
        data: What the images are called.
        precision: "float32" or "bfloat16", in which the network computes.
        batch_size: Images per step.
        size: Height and width of the images.
        memory: Peak resident memory of the process, bytes.
        parts: The same in parts, bytes by what they are for; their sum is the value of `memory`.
        available_bytes: Memory that was free when the forecast was made; None where not known.
        step_memory: Memory of a single step, over its course and by layer, uncorrected.
        step: Seconds per training step.
        phases: Seconds of a step by phase; the rest of `step` is Python and the terminal.
        epoch: Seconds of an epoch: training, the evaluation after it and the checkpoint.
        evaluation_seconds: Time of the evaluation after an epoch, a part of `epoch`.
        start_seconds: Time for loading and measuring before the first step.
        final_evaluation_seconds: Time after the last step: evaluation, report, figures.
        run: Seconds of the whole run: the start, all epochs and the final evaluation.
        epochs: Passes over the training images; not a whole number where minutes decide.
        steps_per_epoch: Steps in each.
        flops: Floating-point operations of convolutions and matrix products in a step.
        estimated: Share of the step's time that is that of similar operations.
        uncorrected: "step", "run" and "memory" before correction by history, and "predictions": the
            seconds that predicting takes after training.
        notes: What a reader must know besides.
    """

    network: str
    data: str
    precision: str
    batch_size: int
    size: int
    memory: Range
    parts: dict[str, int]
    available_bytes: int | None
    step_memory: StepMemory = field(repr=False)
    step: Range
    phases: dict[str, float]
    epoch: Range
    evaluation_seconds: float
    start_seconds: float
    final_evaluation_seconds: float
    run: Range
    epochs: float
    steps_per_epoch: int
    flops: int
    estimated: float
    uncorrected: dict[str, float] = field(repr=False)
    notes: tuple[str, ...]

    @property
    def images_per_second(self) -> float:
        """Images per second in training, without evaluation."""
        return self.batch_size / self.step.value

    def epochs_within(self, minutes: float) -> Range:
        """How many epochs a time for training allows, start and final evaluation not counted.

        Args:
            minutes: Time for the epochs, with the evaluation after each.
        """
        seconds = 60 * minutes
        return Range(
            seconds / self.epoch.value, seconds / self.epoch.high, seconds / self.epoch.low
        )

    def seconds_left(self, steps: int, step_seconds: float) -> float:
        """Time for steps that are left, with the evaluations after epochs, once one is measured.

        Args:
            steps: How many are left.
            step_seconds: How long a step was found to take.
        """
        uncorrected = self.evaluation_seconds * self.uncorrected["run"] / self.run.value
        evaluation = uncorrected * step_seconds / self.uncorrected["step"]
        return steps * step_seconds + steps / self.steps_per_epoch * evaluation

    def in_words(self, *, goes_on: bool = False) -> str:
        """One line, in the current language: how long, how much memory, and how sure that is.

        Args:
            goes_on: Whether the forecast is for what is left of a run.
        """
        step, run, memory = duration(self.step.value), self.run, self.memory
        low, high = numbers.size(memory.low), numbers.size(memory.high)
        return pick(
            f"Forecast: {range_words(run, duration, 'more' if goes_on else 'in all')}, "
            f"{step} a step, memory {range_words(memory, numbers.size)}; "
            "nine times in ten within these ranges",
            f"预测：{'还需' if goes_on else '共'} {duration(run.value)}（{duration(run.low)} 至 "
            f"{duration(run.high)}），每步 {step}，内存 {numbers.size(memory.value)}（{low} 至 "
            f"{high}）；十次中有九次落在这些范围内",
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold; seconds and bytes."""
        return {
            "network": self.network,
            "data": self.data,
            "batch_size": self.batch_size,
            "size": self.size,
            "precision": self.precision,
            "memory": {
                "unit": "bytes",
                "peak_bytes": round(self.memory.value),
                "low": round(self.memory.low),
                "high": round(self.memory.high),
                "available_bytes": self.available_bytes,
                "parts": self.parts,
                "layers": self.step_memory.layers,
            },
            "time": {
                "unit": "seconds",
                "step_seconds": self.step.value,
                "step_low": self.step.low,
                "step_high": self.step.high,
                "phases": self.phases,
                "epoch_seconds": self.epoch.value,
                "epoch_low": self.epoch.low,
                "epoch_high": self.epoch.high,
                "evaluation_seconds": self.evaluation_seconds,
                "start_seconds": self.start_seconds,
                "final_evaluation_seconds": self.final_evaluation_seconds,
                "run_seconds": self.run.value,
                "low": self.run.low,
                "high": self.run.high,
                "epochs": self.epochs,
                "steps_per_epoch": self.steps_per_epoch,
                "images_per_second": self.images_per_second,
            },
            "flops": self.flops,
            "notes": list(self.notes),
        }

    def shown(self) -> Iterator[Part]:
        """The headline, what time and memory are made of, and the notes."""
        yield Paragraph(
            f"{self.network} on {self.data}: batch size {self.batch_size}, "
            f"{self.size}×{self.size} pixels, {self.precision}, "
            f"{epochs_words(self.epochs)} epochs of {self.steps_per_epoch:,} steps",
            "bold",
        )
        yield Paragraph(f"time    {range_words(self.run, duration)}")
        yield Paragraph(f"memory  {range_words(self.memory, numbers.size)}{_room(self)}")
        yield Paragraph(
            f"The ranges are meant to hold {percent(COVERAGE, 0)} of the outcomes.", "dim"
        )
        yield Paragraph("")
        yield SideBySide((_memory_table(self), _time_table(self)))
        layers = sorted(self.step_memory.layers.items(), key=lambda layer: -layer[1])
        if layers:
            named = ", ".join(
                f"{name or 'outside of layers'} {numbers.size(size)}"
                for name, size in layers[:SHOWN_LAYERS]
            )
            rest = layers[SHOWN_LAYERS:]
            others = numbers.size(sum(size for _, size in rest))
            more = f", {len(rest)} others {others}" if rest else ""
            yield Paragraph("")
            yield Paragraph(f"Kept for the backward pass, by layer: {named}{more}")
        for note in self.notes:
            yield Paragraph(f"Note: {note}")


def epochs_words(number: float) -> str:
    """A number of epochs in three digits, and all before the point: 7.71, 31.1, 1,850."""
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def _room(forecast: Forecast) -> str:
    """Whether the memory that is free is enough."""
    available, memory = forecast.available_bytes, forecast.memory
    if available is None:
        return ""
    fits = "fits" if memory.high <= available else "fits narrowly"
    if memory.value > available:
        fits = "doesn't fit"
    return f": {fits}, {numbers.size(available)} available here"


def _memory_table(forecast: Forecast) -> TextTable:
    total = sum(forecast.parts.values())
    rows = [
        (name, numbers.size(size), percent(size / total, 0))
        for name, size in sorted(forecast.parts.items(), key=lambda part: -part[1])
        if size
    ]
    return TextTable("Peak memory", ("", "", ""), rows)


def _time_table(forecast: Forecast) -> TextTable:
    step = forecast.step.value
    phases = {**forecast.phases, "all else": step - sum(forecast.phases.values())}
    rows = [
        ("a training step", duration(step), ""),
        *(
            (f"  {phase}", duration(seconds), percent(seconds / step, 0))
            for phase, seconds in phases.items()
        ),
        ("an epoch, with evaluation", duration(forecast.epoch.value), ""),
        ("  evaluation", duration(forecast.evaluation_seconds), ""),
        ("start", duration(forecast.start_seconds), ""),
        ("final evaluation", duration(forecast.final_evaluation_seconds), ""),
        ("images per second", f"{forecast.images_per_second:,.0f}", ""),
    ]
    return TextTable("Time", ("", "", ""), rows)
