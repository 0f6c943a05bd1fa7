"""What watches the training of a trial: its learning curve is reported, and may end it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from convscope.look.numbers import duration, percent
from convscope.runs.recipe import Recipe
from convscope.runs.run import Run
from convscope.training.loop import is_over
from convscope.training.state import Progress, TrainingState


class TrialEndedError(Exception):
    """A trial needs no more training: it was measured, or won't be.

    Args:
        outcome: As in `TriedRecipe`.
        reason: Why it wasn't trained to its end; "" if it was.
    """

    def __init__(self, outcome: str, reason: str = "") -> None:
        super().__init__(reason)
        self.outcome, self.reason = outcome, reason


class TrialWatch:
    """Ends the training of a trial after its last epoch, or earlier.

    After the last one too, for what would follow is the evaluation on test images.

    Args:
        trial: Optuna's.
        recipe: How it is trained.
        folder: Of its run.
        until: `time.perf_counter()` by which it must have ended.
    """

    def __init__(self, trial: Any, recipe: Recipe, folder: Path, until: float) -> None:
        self._trial, self._recipe, self._folder, self._until = trial, recipe, folder, until
        self._told = 0
        self._last = time.perf_counter()

    def step(self, progress: Progress, loss: float) -> None:
        """A step has ended."""

    def message(self, text: str) -> None:
        """A message to the person."""

    def epoch(self, metrics: dict[str, float], state: TrainingState) -> None:
        """An epoch has ended: tell the study, and end the trial if it has come to its end.

        Raises:
            TrialEndedError: It has.
        """
        # Of a trial that goes on where its process was killed, the study knows no epoch yet.
        rows = Run(self._folder).metrics("epoch")[self._told :]
        for row in rows:
            self._trial.report(row["validation_accuracy"], int(row["epoch"]))
        self._told += len(rows)
        now = time.perf_counter()
        epoch_seconds, self._last = now - self._last, now
        if is_over(self._recipe, state.progress):
            raise TrialEndedError("measured")
        if self._trial.should_prune():
            raise TrialEndedError(
                "pruned",
                f"{percent(metrics['validation_accuracy'])} after epoch {state.progress.epoch}, "
                "below the median of the other trials by then",
            )
        left = (self._recipe.epochs or state.progress.epoch) - state.progress.epoch
        if now + left * epoch_seconds > self._until and state.progress.epoch > 1:
            raise TrialEndedError(
                "out of time",
                f"after epoch {state.progress.epoch} the other {left} would take "
                f"{duration(left * epoch_seconds)}, more than is left",
            )
