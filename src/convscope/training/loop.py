"""The training loop, whole and flat."""

from __future__ import annotations

import time
from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from convscope.data.batches import Batches
from convscope.evaluation.measure import measure
from convscope.runs.checkpoint import save_checkpoint
from convscope.runs.model_file import ModelCard, save_model
from convscope.runs.recipe import Recipe
from convscope.runs.run import Run
from convscope.runtime.execution import Execution
from convscope.training.budget import plan_steps
from convscope.training.diagnosis import NotFiniteError, stuck_at_guessing
from convscope.training.interrupt import StopRequest
from convscope.training.optimization import learning_rate, set_learning_rate
from convscope.training.state import Progress, TrainingState


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
    train: Batches,
    monitor: Batches,
    monitor_name: str,
    recipe: Recipe,
    execution: Execution,
    run: Run,
    card: ModelCard,
    watchers: list[Watcher],
    stop: StopRequest,
) -> None:
    """Train until the recipe's epochs or minutes are over; leaves `model.safetensors` in the run.

    Args:
        state: Where to begin; is trained in place.
        train: Training pictures.
        monitor: Pictures to evaluate after every epoch.
        monitor_name: "validation", by which the best epoch is chosen, or "test", which is
            measured and used for nothing.
        recipe: How to train.
        execution: Device, precision and memory format.
        run: Where metrics, checkpoints and the model go.
        card: What the model file holds besides the weights.
        watchers: Are told of every step and epoch.
        stop: Asks for a checkpoint and an end.

    Raises:
        NotFiniteError: The loss became NaN or infinite; says where it began.
        TrainingStoppedError: `stop` was raised; a checkpoint is there.
    """
    network, optimizer, progress = state.network, state.optimizer, state.progress
    saved_at, clock = progress.seconds, time.perf_counter()
    while progress.step < progress.total_steps and not _patience_is_over(recipe, progress):
        network.train()
        for pictures, labels in train.epoch(progress.epoch, progress.step_in_epoch):
            torch.manual_seed(step_seed(recipe.seed, progress.epoch, progress.step_in_epoch))
            set_learning_rate(optimizer, learning_rate(recipe, progress.step, progress.total_steps))

            with execution.forward_pass():
                logits = network(pictures)
            loss = F.cross_entropy(logits.float(), labels, label_smoothing=recipe.label_smoothing)
            if not loss.isfinite():
                raise NotFiniteError(network, pictures, execution, recipe, progress, loss.item())
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            if recipe.clip_gradient is not None:
                nn.utils.clip_grad_norm_(network.parameters(), recipe.clip_gradient)
            optimizer.step()
            if state.average is not None:
                state.average.update(network, progress.step)

            correct = _count_correct(logits, labels)
            now = time.perf_counter()
            progress.count(loss.item(), correct, len(pictures), now - clock)
            clock = now
            progress.total_steps = plan_steps(recipe, progress, len(train))
            for watcher in watchers:
                watcher.step(progress, loss.item())
            if stop.requested or progress.seconds - saved_at > 60 * recipe.checkpoint_minutes:
                save_checkpoint(run.checkpoints, state.tensors(), state.plain())
                saved_at = progress.seconds
                stop.raise_if_requested()
            if progress.step >= progress.total_steps:
                break

        outcome = measure(state.evaluated, monitor, precision=execution.precision)
        now = time.perf_counter()
        progress.evaluation_seconds = now - clock
        progress.seconds += now - clock
        clock = now
        is_best = outcome.accuracy > progress.best_accuracy
        if is_best:
            progress.best_accuracy, progress.best_epoch = outcome.accuracy, progress.epoch + 1
        if is_best or monitor_name != "validation":
            save_model(run.model_file, state.evaluated, card)
        metrics = {
            **progress.end_epoch(),
            f"{monitor_name}_loss": outcome.loss,
            f"{monitor_name}_accuracy": outcome.accuracy,
            "learning_rate": learning_rate(recipe, progress.step - 1, progress.total_steps),
            "epoch": progress.epoch,
            "step": progress.step,
            "seconds": progress.seconds,
        }
        run.log("epoch", **metrics)
        save_checkpoint(run.checkpoints, state.tensors(), state.plain())
        warning = stuck_at_guessing(metrics, len(card.classes))
        for watcher in watchers:
            watcher.epoch(metrics, state)
            if warning is not None:
                watcher.message(warning)
        stop.raise_if_requested()


def step_seed(seed: int, epoch: int, step: int) -> int:
    """The seed of everything random in one training step."""
    return int(np.random.SeedSequence([seed, epoch, step]).generate_state(1, np.uint64)[0])


def _patience_is_over(recipe: Recipe, progress: Progress) -> bool:
    return (
        recipe.early_stop is not None and progress.epoch - progress.best_epoch >= recipe.early_stop
    )


def _count_correct(logits: torch.Tensor, labels: torch.Tensor) -> int:
    """Pictures whose largest logit is at their label, or at the larger share of a mixture."""
    targets = labels if labels.ndim == 1 else labels.argmax(1)
    return int((logits.argmax(1) == targets).sum().item())
