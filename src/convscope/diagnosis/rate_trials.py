"""Short trials at constant learning rates, from the weights a run began with."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from convscope.diagnosis.range_test import training_losses
from convscope.diagnosis.subject import Subject

STEPS = 60
LAST = 8  # steps whose mean loss is the result
LOWER, HIGHER = (1e-3, 1e-2, 1e-1), (1e1, 1e2, 1e3)  # times the recipe's rate


@dataclass(frozen=True)
class Trial:
    """What some steps at one rate came to.

    Attributes:
        rate: Learning rate of all steps.
        steps: How many were to be taken.
        loss: Mean over the last of them; infinite if it ran away.
    """

    rate: float
    steps: int
    loss: float


def rate_trials(
    subject: Subject,
    factors: Sequence[float],
    on_step: Callable[[int], None] = lambda steps: None,
) -> tuple[Trial, ...]:
    """Train copies of the first network at other rates than the recipe's, on the same batches.

    Args:
        subject: The run.
        factors: By what to multiply the recipe's rate, one for each trial.
        on_step: Told of every step.
    """
    trials = []
    for factor in factors:
        rate = factor * subject.recipe.learning_rate
        losses: list[float] = []
        steps = training_losses(
            subject.first(),
            subject.training_batches(),
            subject.recipe,
            subject.execution,
            [rate] * STEPS,
        )
        for loss, _ in steps:
            losses.append(loss)
            on_step(1)
            if not math.isfinite(loss):
                break
        mean = sum(losses[-LAST:]) / LAST if len(losses) == STEPS else math.inf
        trials.append(Trial(rate, STEPS, mean if math.isfinite(mean) else math.inf))
    return tuple(trials)
