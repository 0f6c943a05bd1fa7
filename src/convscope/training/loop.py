"""The training loop, whole and flat."""

from __future__ import annotations

import math
import time
from typing import Protocol

import numpy as np
import torch

from convscope.evaluation.logits import Logits
from convscope.evaluation.suspicions import ends_in_softmax, find_suspicions
from convscope.runs.not_kept import how_to_ask
from convscope.runs.optimization import set_learning_rate
from convscope.runs.recipe import Recipe
from convscope.runs.run import Run
from convscope.runs.stages import count_head_epochs
from convscope.runtime.allocator import keep_memory
from convscope.runtime.device import seed_random_numbers
from convscope.runtime.execution import Execution
from convscope.runtime.processes import ALONE, Processes
from convscope.runtime.training_step import take_step, training_loss
from convscope.training.budget import plan_steps
from convscope.training.diagnosis import (
    NotFiniteError,
    first_broken,
    first_not_finite,
    stuck_at_guessing,
)
from convscope.training.interrupt import StopRequest
from convscope.training.job import Job
from convscope.training.keeper import Keeper
from convscope.training.stages import StagedNetwork
from convscope.training.state import Progress, TrainingState
from convscope.training.together import evaluate_together

STEP_LINES = 10  # lines in metrics.jsonl within an epoch


class Watcher(Protocol):
    """Who is told what happens in training: the terminal, TensorBoard."""

    def step(self, progress: Progress, loss: float) -> None:
        """A step has ended."""

    def epoch(self, metrics: dict[str, float], state: TrainingState) -> None:
        """An epoch has ended and been evaluated."""

    def message(self, text: str) -> None:
        """Something that a person should know."""


def fit(
    state: TrainingState,
    job: Job,
    execution: Execution,
    run: Run,
    stages: StagedNetwork,
    watchers: list[Watcher],
    stop: StopRequest,
    processes: Processes = ALONE,
) -> None:
    """Train until the recipe's epochs or minutes are over; leaves `model.safetensors` in the run.

    Args:
        state: Where to begin; is trained in place.
        job: The images and the recipe.
        execution: Device, precision and algorithms.
        run: Where metrics, checkpoints and the model go.
        stages: What learns in an epoch, and what it is shown.
        watchers: Are told of every step and epoch.
        stop: Asks for a checkpoint and an end.
        processes: That train together, each on its part of every batch.

    Raises:
        NotFiniteError: The loss or a weight became NaN or infinite; says where it began.
        TrainingStoppedError: `stop` was raised; a checkpoint is there.
    """
    network, optimizer, progress, recipe = (
        state.network,
        state.optimizer,
        state.progress,
        job.recipe,
    )
    monitor_name = job.monitor_name
    keep = Keeper(run, state, job.card, writes=processes.is_first)
    # What recomputation saves, a heap that is kept would lose again between its blocks.
    keeps_memory = not run.recipe.recompute
    saved_at, clock, is_odd = progress.seconds, time.perf_counter(), False
    while not is_over(recipe, progress):
        stage = stages.enter(progress.epoch)
        part, train = stage.part(network), stage.train
        spread = processes.spread(part, execution.device)
        clock = progress.spend(clock, time.perf_counter())
        for images, labels in train.epoch(progress.epoch, progress.step_in_epoch):
            if progress.step >= progress.total_steps:
                break  # the time is up, or the run was stopped after its last step
            _seed_step(execution.device, recipe, progress, processes.rank)
            rate = stage.rate(recipe, progress.step, progress.total_steps)
            set_learning_rate(optimizer, rate)

            loss, logits = training_loss(
                spread, images, labels, execution, label_smoothing=recipe.label_smoothing
            )
            right, own = _correct(logits, labels), len(images)
            whole = processes.total(loss, right, own, asked=stop.came)
            if not math.isfinite(whole.loss):
                _seed_step(execution.device, recipe, progress, processes.rank)
                began = progress.step > 0
                where = first_not_finite(part, images, execution, has_stepped=began)
                raise NotFiniteError(
                    f"The loss became {whole.loss}", where, job, execution, progress
                )
            take_step(
                processes.share(loss, logits, own, whole.images),
                network,
                optimizer,
                clip_gradient=recipe.clip_gradient,
                average=state.average,
                number=progress.step,
            )
            if keeps_memory:
                keep_memory()  # from the second step on; the first leaves small blocks for good

            now = time.perf_counter()
            progress.count(whole.loss, whole.correct, whole.images, now - clock)
            clock = now
            progress.total_steps = _plan(processes, recipe, progress, len(train))
            for watcher in watchers:
                watcher.step(progress, whole.loss)
            if progress.step_in_epoch % math.ceil(len(train) / STEP_LINES) == 0:
                keep.log("step", step=progress.step, loss=whole.loss, learning_rate=rate)
            stop.agree(is_stopping=whole.is_stopping)
            if stop.requested or progress.seconds - saved_at > 60 * recipe.checkpoint_minutes:
                _check_weights(job, execution, state)
                keep.checkpoint()
                saved_at = progress.seconds
                stop.raise_if_requested()

        _check_weights(job, execution, state)
        with stop.saving(keep.checkpoint):
            evaluated = stage.part(state.evaluated)
            outcome = evaluate_together(evaluated, stage.monitor, job, execution, processes, stop)
        progress.evaluation_seconds = time.perf_counter() - clock
        is_best = progress.is_best(outcome.accuracy, outcome.loss)
        if is_best or monitor_name != "validation":
            keep.model()
        metrics = {
            **progress.end_epoch(),
            f"{monitor_name}_loss": outcome.loss,
            f"{monitor_name}_accuracy": outcome.accuracy,
            "learning_rate": stage.rate(recipe, progress.step - 1, progress.total_steps),
            "epoch": progress.epoch,
            "step": progress.step,
            "seconds": progress.seconds + progress.evaluation_seconds,
        }
        keep.log("epoch", **metrics)
        clock = progress.spend(clock, time.perf_counter())
        # The evaluation may have taken the last of the time: then no other epoch begins.
        progress.total_steps = _plan(processes, recipe, progress, len(train))
        keep.checkpoint()
        is_last = is_over(recipe, progress)
        warning = stuck_at_guessing(metrics, len(job.card.classes), is_last=is_last)
        odd = () if is_odd or is_last else _find_odd(outcome, progress.epoch, job)
        is_odd = is_odd or bool(odd)  # said once; what is left of it at the end is said there
        for watcher in watchers:
            watcher.epoch(metrics, state)
            for each in odd:
                watcher.message(each)
            if warning is not None:
                doctor = how_to_ask(run, "doctor", "convscope.diagnose")
                watcher.message(f"{warning} To find the reason: {doctor}")
        clock = progress.spend(clock, time.perf_counter())
        stop.raise_if_requested()


def _plan(processes: Processes, recipe: Recipe, progress: Progress, steps_per_epoch: int) -> int:
    """Steps of the whole run; where the clock decides them, it is that of the first process."""
    steps = plan_steps(recipe, progress, steps_per_epoch)
    return steps if recipe.minutes is None else processes.agree(steps)


def _find_odd(outcome: Logits, epoch: int, job: Job) -> tuple[str, ...]:
    """What a good accuracy hides; in the first epochs, one class for all images is usual."""
    if epoch % 3 and not ends_in_softmax(outcome.values):
        return ()
    return find_suspicions(outcome.values, outcome.labels, job.card.classes)


def _seed_step(device: torch.device, recipe: Recipe, progress: Progress, rank: int) -> None:
    """What is drawn in a step depends on its place alone, so that a run goes on bit for bit."""
    seed = step_seed(recipe.seed, progress.epoch, progress.step_in_epoch, rank)
    seed_random_numbers(device, seed)


def step_seed(seed: int, epoch: int, step: int, rank: int = 0) -> int:
    """The seed of everything random in one training step, of the process with this number."""
    place = [seed, epoch, step, rank] if rank else [seed, epoch, step]
    return int(np.random.SeedSequence(place).generate_state(1, np.uint64)[0])


def is_over(recipe: Recipe, progress: Progress) -> bool:
    """Whether all steps are taken and evaluated, or patience has ended."""
    patience = recipe.early_stop
    since = max(progress.best_epoch, count_head_epochs(recipe))
    if patience is not None and progress.epoch - since >= patience:
        return True
    return progress.step >= progress.total_steps and progress.step_in_epoch == 0


def _check_weights(job: Job, execution: Execution, state: TrainingState) -> None:
    """Keep weights and statistics that aren't numbers out of every file.

    Raises:
        NotFiniteError: Names the first.
    """
    for network in dict.fromkeys((state.network, state.evaluated)):
        broken = first_broken(network)
        if broken is not None:
            kind, name = broken
            reason = "the gradient of the last step" if kind == "weights" else "what it was given"
            where = f"They are in {name!r}: {reason} was too large."
            what = f"{kind.capitalize()} became NaN or infinite"
            raise NotFiniteError(what, where, job, execution, state.progress)


def _correct(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """How many largest logits are at the label, or at the larger share of a mixture."""
    targets = labels if labels.ndim == 1 else labels.argmax(1)
    return (logits.argmax(1) == targets).sum()
