"""What a person sees in the terminal while a network trains.

A row for every finished epoch and, on a terminal, a bar for the one under way. Everything goes to
standard error, so that standard output stays free for results.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bar

from convscope.look.numbers import clock
from convscope.look.terminal import Console
from convscope.training.state import Progress, TrainingState

REDRAW_SECONDS = 0.1
HEADER = "  epoch     loss  accuracy  {:>10}  images/s     time"


class LiveView:
    """Shows a training run.

    Args:
        quiet: Show nothing.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._console = Console(
            stderr=True, highlight=False, markup=False, quiet=quiet, soft_wrap=True
        )
        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[figures]}"),
            console=self._console,
            transient=True,
            disable=quiet or not self._console.is_terminal,
        )
        self._drawn_at = 0.0

    @contextmanager
    def training(
        self, steps_per_epoch: int, epochs: int | None, monitor_name: str
    ) -> Iterator[None]:
        """Show rows and the bar within the block.

        Args:
            steps_per_epoch: Length of the bar.
            epochs: Number of epochs that there will be; None if time decides.
            monitor_name: "validation" or "test": what is evaluated after every epoch.
        """
        self._steps, self._epochs, self._monitor_name = steps_per_epoch, epochs, monitor_name
        self._console.print(HEADER.format(monitor_name), style="bold")
        self._task = self._bar.add_task("", total=steps_per_epoch, figures="")
        with self._bar:
            yield

    def step(self, progress: Progress, loss: float) -> None:
        """Move the bar, ten times a second at most."""
        now = time.perf_counter()
        last = progress.step_in_epoch == self._steps
        if not last and now - self._drawn_at < REDRAW_SECONDS:
            return
        self._drawn_at = now
        speed = progress.seen / progress.training_seconds
        figures = (
            f"loss {progress.loss_sum / progress.seen:.3f}  "
            f"accuracy {progress.correct / progress.seen:.3f}  {speed:,.0f} images/s  "
            f"{'evaluating' if last else f'{clock(self._seconds_left(progress))} left'}"
        )
        self._bar.update(
            self._task,
            completed=progress.step_in_epoch,
            description=self._epoch_of(progress.epoch + 1),
            figures=figures,
        )

    def epoch(self, metrics: dict[str, float], state: TrainingState) -> None:
        """Print the row of a finished epoch; a star marks the best so far."""
        accuracy = metrics[f"{self._monitor_name}_accuracy"]
        best = self._monitor_name == "validation" and state.progress.best_epoch == metrics["epoch"]
        self._console.print(
            f"{self._epoch_of(int(metrics['epoch'])):>7}  {metrics['train_loss']:7.4f}  "
            f"{metrics['train_accuracy']:8.4f}  {accuracy:10.4f}  "
            f"{metrics['images_per_second']:10,.0f}  {clock(metrics['seconds']):>7}"
            f"{'  *' if best else ''}"
        )

    def message(self, text: str) -> None:
        """Print something that a person should know."""
        self._console.print(text, style="yellow")

    def _seconds_left(self, progress: Progress) -> float:
        steps = progress.total_steps - progress.step
        evaluations = steps / self._steps * progress.evaluation_seconds
        return steps * progress.training_seconds / progress.step_in_epoch + evaluations

    def _epoch_of(self, epoch: int) -> str:
        return f"{epoch}/{self._epochs}" if self._epochs else str(epoch)
