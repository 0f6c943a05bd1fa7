"""The search itself: trials one after the other, until the time is over."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from convscope.errors import ConvscopeError, UsageError
from convscope.look.numbers import duration, percent
from convscope.runs.claim import is_claimed
from convscope.runs.recipe import Recipe
from convscope.runs.run import Run
from convscope.training.interrupt import TrainingStoppedError
from convscope.training.live_view import LiveView
from convscope.training.one_of_several import train_one
from convscope.tuning.begin import OpenStudy
from convscope.tuning.collect import collect_trials
from convscope.tuning.foresee import Foresight, lacks_time
from convscope.tuning.space import change_recipe
from convscope.tuning.storage import explain_storage, import_optuna, retry
from convscope.tuning.study import describe_values, trial_folder
from convscope.tuning.trial_watch import TrialEndedError, TrialWatch

SKIPPED = 10  # trials in a row that their forecasts rule out, after which the search ends
# How files are read doesn't matter to images that are in memory already, and isn't accepted there.
_READ: Mapping[str, Any] = {
    **dict.fromkeys(("class_from", "columns", "images", "group_by")),
    "split_folders": "auto",
    "zip_encoding": "auto",
}


class Search:
    """Runs trials of a study in this process.

    Attributes:
        skipped: How many trials in a row didn't begin.

    Args:
        opened: What is searched.
        until: `time.perf_counter()` by which all is to be done, the new seeds too.
        trials: How many at most; None: as many as the time allows.
        seeds: With how many new seeds the best is trained after the search.
        view: Is told of every trial.
    """

    def __init__(
        self, opened: OpenStudy, *, until: float, trials: int | None, seeds: int, view: LiveView
    ) -> None:
        self._study, self._url, self._space = opened.study, opened.url, opened.space
        self._images, self._folder = opened.images, opened.folder
        self._recipe = opened.recipe.replace(**_READ)
        self._until, self._trials, self._seeds, self._view = until, trials, seeds, view
        self._foresight = Foresight(opened.images)
        self._worker = worker_folder(opened.folder)
        self.skipped = 0

    def run(self) -> None:
        """Run trials until the time is over.

        Raises:
            UsageError: The very first trial can't be trained in the time, or at all.
            TrainingStoppedError: A signal came; the trial is queued, to go on.
        """
        optuna = import_optuna()
        with explain_storage(self._url):
            self._free_trials_of_ended_processes()
            begun = 0
            while self.skipped < SKIPPED and begun != self._trials and self._is_time():
                begun += 1
                try:
                    self._study.optimize(self._try, n_trials=1)
                except (TrainingStoppedError, KeyboardInterrupt):
                    self._queue_again()
                    raise
                except optuna.exceptions.UpdateFinishedTrialError:
                    # This process was asleep so long that another took the trial over.
                    self._view.message("A trial was taken over by another process meanwhile")

    def _try(self, trial: Any) -> float:
        """One trial: its validation accuracy."""
        optuna = import_optuna()
        begun = time.perf_counter()
        values = {each.field: each.suggest(trial) for each in self._space}
        trial.set_user_attr("host", socket.gethostname())
        trial.set_user_attr("worker", str(self._worker))
        said = f"Trial {trial.number}: {describe_values(values)}"
        try:
            accuracy = self._train(trial, change_recipe(self._recipe, values), begun)
        except TrialEndedError as error:
            outcome, reason = error.outcome, error.reason
        except TrainingStoppedError:
            raise
        except ConvscopeError as error:
            if isinstance(error, UsageError) and not self._has_measured():
                trial.set_user_attr("reason", str(error))
                raise  # the next trial would meet the same
            outcome, reason = "failed", str(error)
        else:
            self.skipped = 0
            self._view.message(f"{said}: {percent(accuracy, 2)} ({self._took(trial, begun)})")
            return accuracy
        self.skipped = self.skipped + 1 if outcome == "skipped" else 0
        trial.set_user_attr("outcome", outcome)
        trial.set_user_attr("reason", reason)
        self._took(trial, begun)
        self._view.message(f"{said}: {outcome} ({reason})")
        raise optuna.TrialPruned(reason)

    def _train(self, trial: Any, recipe: Recipe, begun: float) -> float:
        """The validation accuracy of a recipe.

        Raises:
            TrialEndedError: The trial wasn't trained to its end.
        """
        forecast = self._foresight.forecast(recipe)
        seconds = self._foresight.trial_seconds(forecast)
        run_seconds = self._foresight.run_seconds(forecast)
        trial.set_user_attr("run_seconds", run_seconds)
        left = self._until - time.perf_counter()
        reason = lacks_time(seconds, self._seeds, run_seconds, self._best_run_seconds(), left)
        if reason and not self._has_measured():
            needed = (seconds + self._seeds * run_seconds) / 60
            raise UsageError(
                f"--minutes is too short: the first trial {reason}. Give at least "
                f"{max(0.1, 1.2 * needed + (time.perf_counter() - begun) / 60):.1f} minutes, or "
                "fewer --epochs."
            )
        if reason:
            raise TrialEndedError("skipped", reason)
        folder = self._place(trial)
        reserve = self._seeds * max(run_seconds, self._best_run_seconds())
        watch = TrialWatch(trial, recipe, folder, self._until - reserve)
        training = time.perf_counter()
        try:
            train_one(
                folder,
                recipe.network,
                dict(self._images),
                recipe,
                [],
                histograms=False,
                watcher=watch,
                quiet=True,
            )
        except TrialEndedError as error:
            if error.outcome != "measured":
                raise
        self._foresight.learn(forecast, time.perf_counter() - training)
        run = Run(folder)
        # All trials compute alike, so that they differ in what is searched alone.
        self._recipe = self._recipe.replace(
            precision=run.recipe.precision, threads=run.recipe.threads
        )
        trial.set_user_attr("run_seconds", self._foresight.run_seconds(forecast))
        return max(float(row["validation_accuracy"]) for row in run.metrics("epoch"))

    def _place(self, trial: Any) -> Path:
        """The folder of a trial's run; a trial that is tried again goes on where its run lies."""
        frozen = self._study.get_trials(deepcopy=False)[trial.number]
        before = frozen.system_attrs.get("retry_history", [])
        for number in (*reversed(before), trial.number):
            folder = trial_folder(self._folder, number)
            if (folder / "environment.json").is_file() and not is_claimed(folder):
                return folder
        return trial_folder(self._folder, trial.number)

    def _took(self, trial: Any, begun: float) -> str:
        seconds = time.perf_counter() - begun
        trial.set_user_attr("seconds", seconds)
        return duration(seconds)

    def _is_time(self) -> bool:
        """Whether even the quickest trial so far could still be trained."""
        quickest = min(
            (each.seconds for each in collect_trials(self._study) if each.outcome == "measured"),
            default=0.0,
        )
        after = self._seeds * self._best_run_seconds()
        return time.perf_counter() + quickest + after < self._until or not self._has_measured()

    def _has_measured(self) -> bool:
        return any(each.outcome == "measured" for each in collect_trials(self._study))

    def _best_run_seconds(self) -> float:
        """Seconds of a whole run of the best recipe so far; 0 if there is none."""
        if not self._has_measured():
            return 0.0
        return float(self._study.best_trial.user_attrs.get("run_seconds", 0.0))

    def _queue_again(self) -> None:
        """Queue the trial that this process stopped in, to go on from its checkpoint."""
        trials = self._study.get_trials(deepcopy=False)
        queued = {n for each in trials for n in each.system_attrs.get("retry_history", ())}
        for each in trials:
            is_ours = each.user_attrs.get("worker") == str(self._worker)
            if is_ours and each.state.name == "FAIL" and each.number not in queued:
                retry(self._study, each)

    def _free_trials_of_ended_processes(self) -> None:
        """Queue again what processes of this machine left that were killed.

        Those of other machines are found by their silence, which takes a minute.
        """
        optuna = import_optuna()
        for each in self._study.get_trials(deepcopy=False):
            there = each.user_attrs.get("worker", "")
            here = each.user_attrs.get("host") == socket.gethostname() and there
            if each.state.name == "RUNNING" and here and is_claimed(there) is False:
                self._study.tell(each.number, state=optuna.trial.TrialState.FAIL)
                retry(self._study, self._study.get_trials()[each.number])
                self._view.message(
                    f"Trial {each.number} was left unfinished by a process that ended: it goes on"
                )


def worker_folder(folder: Path) -> Path:
    """The folder that a process of this machine claims while it searches."""
    return (folder / "processes" / f"{socket.gethostname()}-{os.getpid()}").resolve()
