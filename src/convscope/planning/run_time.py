"""From the time of a step to that of the whole run: epochs, evaluation, start, last evaluation."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from convscope.planning.fixed_costs import fixed_costs
from convscope.planning.history import outcomes, with_range
from convscope.planning.step import RecordedStep
from convscope.planning.workload import Workload

CHECKPOINT_BYTES_PER_SECOND = 4e8  # with checksum, written to disk for good
PROBE_STEPS = 20  # steps of 32 images that measuring precision and threads amounts to
PROBE_IMAGES = 32
# The last evaluation computes in float32, whatever training does; a forward pass then takes longer.
FLOAT32_TIMES_AS_LONG = 2.5


@dataclass(frozen=True)
class RunTime:
    """Seconds of a run and its parts, before correction by history.

    Attributes:
        start: Loading, and measuring before the first step.
        epoch: Training, evaluation and checkpoint.
        evaluation: One evaluation after an epoch, a part of `epoch`.
        epochs: Passes over the training images.
        steps_per_epoch: Steps in each.
        final_evaluation: After the last step.
    """

    start: float
    epoch: float
    evaluation: float
    epochs: float
    steps_per_epoch: int
    final_evaluation: float

    @property
    def run(self) -> float:
        """The whole."""
        return self.start + self.epochs * self.epoch + self.final_evaluation


def run_time(
    workload: Workload,
    step: RecordedStep,
    phases: Mapping[str, float],
    step_seconds: float,
    batch_size: int,
    steps_left: int | None,
) -> RunTime:
    """How long a run takes whose steps take this long.

    Args:
        workload: The images and the recipe.
        step: As recorded.
        phases: Seconds of a step by phase.
        step_seconds: Seconds of the whole step.
        batch_size: Images per step.
        steps_left: Steps left of a run that goes on, where nothing is chosen by measuring; None:
            a new run.
    """
    recipe, counts = workload.recipe, workload.counts
    costs, _ = fixed_costs()
    steps = max(1, math.ceil(counts["train"] / batch_size))
    per_image = (phases["forward"] + phases["input"]) / batch_size
    evaluation = (counts.get("validation") or counts.get("test", 0)) * per_image
    weights = sum(map(sum, step.resident.values()))
    epoch = steps * step_seconds + evaluation + 2 * weights / CHECKPOINT_BYTES_PER_SECOND
    slower = FLOAT32_TIMES_AS_LONG if workload.execution.precision == "bfloat16" else 1.0
    evaluated = counts.get("test", 0) + counts.get("validation", 0)
    final_evaluation = costs.final_evaluation_seconds + evaluated * per_image * slower
    if steps_left is not None:
        return RunTime(
            costs.start_seconds, epoch, evaluation, steps_left / steps, steps, final_evaluation
        )
    start = costs.start_seconds + PROBE_STEPS * PROBE_IMAGES * step_seconds / batch_size
    epochs = float(recipe.epochs or 0)
    if recipe.minutes is not None:
        corrected = epoch * with_range(1.0, "run", outcomes("run")).value
        fitting = 60 * recipe.minutes / corrected
        epochs = min(epochs, fitting) if recipe.epochs else fitting
    return RunTime(start, epoch, evaluation, epochs, steps, final_evaluation)
