"""The forecast of a run: time and memory, each with a range, and what they are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import nn

from convscope.planning.history import Range
from convscope.planning.memory import StepMemory
from convscope.runs.recipe import Recipe
from convscope.runtime.execution import Execution


@dataclass(frozen=True)
class Workload:
    """What is to be forecast.

    Attributes:
        name: Of the network.
        network: On any device, also "meta"; isn't touched.
        stored_shape: (C, H, W) of the images as the data has them.
        size: Height and width they are resized to.
        counts: Images of each split.
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
    def image_shape(self) -> tuple[int, int, int]:
        """(C, H, W) as the network gets them."""
        return (self.stored_shape[0], self.size, self.size)


@dataclass(frozen=True)
class Forecast:
    """What a run will take on this machine.

    Attributes:
        network: Its name.
        precision: Of the computation.
        batch_size: Images per step.
        size: Height and width of the images.
        memory: Peak resident memory of the process, bytes.
        parts: Of which, by what it is for.
        step_memory: The same of a single step, over its course and by layer.
        step: Seconds per training step.
        phases: Seconds of a step by phase, uncorrected.
        epoch_seconds: Training, evaluation and checkpoint.
        evaluation_seconds: Of one evaluation after an epoch.
        start_seconds: Loading and measuring before the first step.
        final_evaluation_seconds: After the last step.
        run: Seconds of the whole run.
        epochs: Passes over the training images.
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
    final_evaluation_seconds: float
    run: Range
    epochs: float
    steps_per_epoch: int
    flops: int
    uncorrected: dict[str, float] = field(repr=False)
    notes: tuple[str, ...]

    @property
    def images_per_second(self) -> float:
        """In training, without evaluation."""
        return self.batch_size / self.step.value

    def as_dict(self) -> dict[str, Any]:
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
