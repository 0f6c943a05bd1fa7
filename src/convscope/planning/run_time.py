"""From the time of a step to that of the whole run: epochs, evaluation, start, last evaluation."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from convscope.evaluation.calibrate import GAUSSIAN_CLASSES, GAUSSIAN_IMAGES
from convscope.evaluation.out_of_distribution import IMAGES as OUT_OF_DISTRIBUTION_IMAGES
from convscope.evaluation.robustness import (
    count_predictions,
    disturbing_seconds,
    seconds_after_training,
)
from convscope.planning.fixed_costs import fixed_costs
from convscope.planning.history import outcomes, with_range
from convscope.planning.step import RecordedStep
from convscope.planning.training_time import (
    EpochTime,
    Stopped,
    TrainingTime,
    time_for_steps,
    time_within,
)
from convscope.planning.workload import Workload
from convscope.runs.stages import PARTS, count_head_epochs

CHECKPOINT_BYTES_PER_SECOND = 4e8  # with checksum, written to disk for good
PROBE_STEPS = 20  # steps of 32 images that measuring precision and threads amounts to
PROBE_IMAGES = 32
HEAD_STEP_SECONDS = 1e-3  # a step of a single layer on features that are there
# The last evaluation computes in float32, whatever training does; a forward pass then takes longer.
FLOAT32_TIMES_AS_LONG = 2.5


@dataclass(frozen=True)
class RunTime:
    """Seconds of a run and its parts, before correction by history.

    Attributes:
        start: Loading, and measuring before the first step.
        epoch: Training, evaluation and checkpoint.
        evaluation: One evaluation after an epoch, a part of `epoch`.
        training: All steps, evaluations after epochs and checkpoints.
        given: Seconds of them that the recipe's minutes decide; they are not to be corrected.
        epochs: Passes over the training images; not a whole number where minutes decide.
        steps_per_epoch: Steps in each.
        predictions: Predicting after training: to calibrate, evaluate and disturb.
        final_evaluation: After the last step: predictions, report and figures.
    """

    start: float
    epoch: float
    evaluation: float
    training: float
    given: float
    epochs: float
    steps_per_epoch: int
    predictions: float
    final_evaluation: float

    @property
    def run(self) -> float:
        """The whole."""
        return self.start + self.training + self.final_evaluation


def run_time(
    workload: Workload,
    step: RecordedStep,
    phases: Mapping[str, float],
    step_seconds: float,
    batch_size: int,
    stopped: Stopped | None,
) -> RunTime:
    """How long a run takes whose steps take this long.

    Args:
        workload: The images and the recipe.
        step: As recorded.
        phases: Seconds of a step by phase.
        step_seconds: Seconds of the whole step.
        batch_size: Images per step.
        stopped: Where a run that goes on was stopped; nothing is chosen by measuring then. None:
            a new run.
    """
    counts = workload.counts
    costs, _ = fixed_costs()
    per_image = (phases["forward"] + phases["input"]) / batch_size
    weights = sum(map(sum, step.resident.values()))
    epoch = EpochTime(
        step_seconds,
        max(1, math.ceil(counts["train"] / batch_size)),
        (counts.get("validation") or counts.get("test", 0)) * per_image,
        2 * weights / CHECKPOINT_BYTES_PER_SECOND,
    )
    slower = FLOAT32_TIMES_AS_LONG if workload.execution.precision == "bfloat16" else 1.0
    macs = step.forward_flops(1) // 2
    head = head_time(workload, epoch, per_image, step_seconds - phases["input"])
    training = _training_time(workload, epoch, stopped, head)
    steps = training.steps + (stopped.step if stopped else 0) - head.steps
    shown = max(0, steps) * workload.recipe.batch_size
    predictions = predictions_after_training(workload, macs, shown) * per_image * slower
    predictions += disturbing_seconds(
        macs,
        _count_evaluated(workload),
        workload.stored_shape,
        seconds_after_training(macs, shown),
    )
    start = costs.start_seconds
    if stopped is None:
        start += PROBE_STEPS * PROBE_IMAGES * step_seconds / batch_size
    return RunTime(
        start=start,
        epoch=epoch.whole,
        evaluation=epoch.evaluation,
        training=training.seconds,
        given=training.given,
        epochs=training.steps / epoch.steps,
        steps_per_epoch=epoch.steps,
        predictions=predictions,
        final_evaluation=costs.final_evaluation_seconds + predictions,
    )


@dataclass(frozen=True)
class HeadTime:
    """The first stage, in which a new layer learns from features (`runs.stages`).

    Attributes:
        steps: Its steps; 0 without such a stage.
        seconds: What it takes: the features of all images, then epochs that hardly cost anything.
        saved: Seconds by which the epochs after it, in which some layers are frozen, are quicker.
    """

    steps: int = 0
    seconds: float = 0.0
    saved: float = 0.0


def head_time(workload: Workload, epoch: EpochTime, per_image: float, computing: float) -> HeadTime:
    """How long the stages before the whole network learns take.

    Args:
        workload: The images and the recipe.
        epoch: What an epoch of the whole network takes.
        per_image: Seconds of an image's forward pass, and of making it.
        computing: Seconds of a step without making the batch.
    """
    recipe, counts = workload.recipe, workload.counts
    epochs = count_head_epochs(recipe)
    if not epochs or not recipe.from_:
        return HeadTime()
    monitored = counts.get("validation") or counts.get("test", 0)
    features = per_image * ((1 + recipe.stages.copies) * counts["train"] + monitored)
    ending = epoch.checkpoint + HEAD_STEP_SECONDS * epoch.steps
    # A step is a third forward and two thirds backward, of which a frozen part takes none.
    backward = 2 / 3 * computing * epoch.steps * recipe.stages.epochs_per_third
    saved = sum(backward * (PARTS - parts) / PARTS for parts in range(1, PARTS))
    return HeadTime(epochs * epoch.steps, features + epochs * ending, saved)


def _training_time(
    workload: Workload, epoch: EpochTime, stopped: Stopped | None, head: HeadTime
) -> TrainingTime:
    recipe = workload.recipe
    begins = stopped or Stopped(total_steps=(recipe.epochs or 0) * epoch.steps)
    if begins.step >= head.steps:
        head = HeadTime()  # it is over, or there is none
    left = max(0, begins.total_steps - begins.step)
    if recipe.minutes is None:
        rest = time_for_steps(max(0, left - head.steps), epoch, begins)
        seconds = max(head.seconds, head.seconds + rest.seconds - head.saved)
        return TrainingTime(rest.steps + min(left, head.steps), seconds)
    # Minutes hold as many steps as they really do, so these are corrected by history first; the
    # result is given as it would be before the correction, like all other times.
    ratio = with_range(1.0, "run", outcomes("run")).value
    real = EpochTime(
        ratio * epoch.step, epoch.steps, ratio * epoch.evaluation, ratio * epoch.checkpoint
    )
    most = None if recipe.epochs is None else max(0, recipe.epochs * epoch.steps - begins.step)
    if head.steps:
        begins = replace(begins, seconds=begins.seconds + ratio * (head.seconds - head.saved))
        most = None if most is None else max(0, most - head.steps)
    found = time_within(recipe.minutes, real, begins, most)
    seconds, given = found.seconds + ratio * head.seconds, found.given + ratio * head.seconds
    return TrainingTime(
        found.steps + head.steps, seconds / ratio, given if found.given else found.given
    )


def predictions_after_training(workload: Workload, macs: int, shown: int) -> int:
    """How many predictions the network makes after training.

    Args:
        workload: The images and the recipe.
        macs: What the network takes for one.
        shown: Images that the training shows to the whole network, each as often as it does.
    """
    counts, evaluated = workload.counts, _count_evaluated(workload)
    validation = counts.get("validation", 0)
    predictions = evaluated + validation
    predictions += count_predictions(
        macs, evaluated, workload.stored_shape, seconds_after_training(macs, shown)
    )
    if validation and workload.recipe.unknown_rate:
        predictions += 2 * OUT_OF_DISTRIBUTION_IMAGES  # noise and digits
        if workload.classes is None or workload.classes <= GAUSSIAN_CLASSES:
            predictions += min(counts["train"], GAUSSIAN_IMAGES)
    return predictions


def _count_evaluated(workload: Workload) -> int:
    return workload.counts.get("test", 0) or workload.counts.get("validation", 0)
