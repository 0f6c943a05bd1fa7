"""How long training takes and how far it comes: by epochs, or until given minutes are over.

The rules are those of `training.budget.plan_steps` and of the training loop, without the loop:
when the time is up the step under way is finished, then the epoch is evaluated and a checkpoint
written, however little of the epoch was done.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class EpochTime:
    """What an epoch is made of, in seconds.

    Attributes:
        step: One training step.
        steps: Their number in an epoch.
        evaluation: On the validation images, or else the test images.
        checkpoint: Writing it and the model.
    """

    step: float
    steps: int
    evaluation: float
    checkpoint: float

    @property
    def whole(self) -> float:
        """A whole epoch."""
        return self.steps * self.step + self.ending

    @property
    def ending(self) -> float:
        """What follows the last step of an epoch."""
        return self.evaluation + self.checkpoint


@dataclass(frozen=True)
class Stopped:
    """Where a run that goes on was stopped.

    Attributes:
        step: Steps taken in all.
        step_in_epoch: Steps taken of the epoch under way.
        total_steps: Steps of the whole run, as it was planned; minutes plan anew.
        seconds: Time for training that has been used.
        evaluation_seconds: Time that the last evaluation took; 0 before the first.
    """

    step: int = 0
    step_in_epoch: int = 0
    total_steps: int = 0
    seconds: float = 0.0
    evaluation_seconds: float = 0.0


@dataclass(frozen=True)
class TrainingTime:
    """How long training takes from where it begins.

    Attributes:
        steps: Steps that are taken.
        seconds: Steps, evaluations after epochs and checkpoints.
        given: Seconds among them that the clock decides and not the speed: what is left of the
            minutes, where these end the training; else 0.
    """

    steps: int
    seconds: float
    given: float = 0.0


def time_for_steps(steps: int, epoch: EpochTime, stopped: Stopped) -> TrainingTime:
    """Training whose number of steps is known.

    Args:
        steps: Steps that are left.
        epoch: What an epoch takes.
        stopped: Where it begins.
    """
    endings = math.ceil((stopped.step_in_epoch + steps) / epoch.steps)
    return TrainingTime(steps, steps * epoch.step + endings * epoch.ending)


def time_within(
    minutes: float, epoch: EpochTime, stopped: Stopped, most_steps: int | None
) -> TrainingTime:
    """Training that ends when minutes are over.

    Args:
        minutes: For all steps, evaluations after epochs and checkpoints of the run.
        epoch: What an epoch takes.
        stopped: Where it begins.
        most_steps: Steps that are left at most, where epochs are a limit as well.
    """
    given = max(0.0, 60 * minutes - stopped.seconds)
    # The epoch under way. Before the first evaluation no time is set aside for one.
    steps = _fitting(given - stopped.evaluation_seconds, epoch, epoch.steps - stopped.step_in_epoch)
    seconds = steps * epoch.step + epoch.ending
    if steps == epoch.steps - stopped.step_in_epoch:
        left = given - seconds - epoch.evaluation
        # Whole epochs: as long as there is time for the last step of one.
        last_step = (epoch.steps - 1) * epoch.step
        whole = math.floor((left - last_step) / epoch.whole) + 1 if left > last_step else 0
        steps += whole * epoch.steps
        seconds += whole * epoch.whole
        left -= whole * epoch.whole
        if left + epoch.checkpoint > 0:  # whether another begins is decided before it is written
            more = _fitting(left, epoch, epoch.steps)
            steps += more
            seconds += more * epoch.step + epoch.ending
    if most_steps is not None and steps >= most_steps:
        return time_for_steps(most_steps, epoch, stopped)
    return TrainingTime(steps, seconds, min(given, seconds))


def _fitting(seconds: float, epoch: EpochTime, most: int) -> int:
    """Steps until the time is over; the last one may begin just before, and one is always taken."""
    return min(most, max(1, math.ceil(seconds / epoch.step)))
