"""One network started many times: how many starts learn, wait, or are dead."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from convscope.data.load import Data
from convscope.errors import unknown_name
from convscope.experiments.dead_classes import count_dead_classes
from convscope.experiments.start_names import name_of
from convscope.experiments.training_curves import measure_curves
from convscope.look.language import pick
from convscope.look.numbers import percent
from convscope.look.printed import Part, Printed, TextTable
from convscope.runs.interval import wilson_interval
from convscope.runs.recipe import Recipe
from convscope.runtime.execution import Execution
from convscope.training.job import prepare

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LEARNED = 0.2  # accuracy: of ten classes, guessing gives 0.1
IMAGES = 500  # that a class must be silent for to count as dead


@dataclass(frozen=True)
class StartTrial:
    """One training from one start.

    Attributes:
        start: Name of the way to start.
        seed: Decides first weights, order of images and dropout.
        losses: Mean training loss of each epoch, in nats.
        accuracy: Share of the test images that are right at the end.
        dead_before: Classes whose logit is 0 for all images before the first step (in evaluation
            mode, where a batch normalization that has seen no image changes nothing).
        dead_after: The same after the last step.
        classes: How many there are.
        steps: Steps of the training.
    """

    start: str
    seed: int
    losses: tuple[float, ...]
    accuracy: float
    dead_before: int
    dead_after: int
    classes: int
    steps: int

    @property
    def outcome(self) -> str:
        """What became of it: "learned", "dead" (no weight has a gradient any more) or "waiting"."""
        if self.accuracy > LEARNED:
            return "learned"
        return "dead" if self.dead_after == self.classes else "waiting"


@dataclass(frozen=True)
class StartTrials(Printed):
    """Trainings that differ in their start only.

    Attributes:
        trials: All of them.
    """

    trials: tuple[StartTrial, ...]

    @property
    def starts(self) -> list[str]:
        """The ways to start, in the order in which they were tried."""
        return list(dict.fromkeys(trial.start for trial in self.trials))

    def of(self, start: str) -> list[StartTrial]:
        """The trainings from one way to start.

        Raises:
            UsageError: There are none.
        """
        found = [trial for trial in self.trials if trial.start == start]
        if not found:
            raise unknown_name("start", start, self.starts)
        return found

    def count(self, start: str, outcome: str) -> int:
        """How many starts ended so: "learned", "dead" or "waiting"."""
        return sum(trial.outcome == outcome for trial in self.of(start))

    def interval(self, start: str) -> tuple[float, float]:
        """Where the share of starts that do not learn lies, with 95 % confidence (Wilson)."""
        tried = self.of(start)
        return wilson_interval(len(tried) - self.count(start, "learned"), len(tried))

    def shown(self) -> Iterator[Part]:
        """A row for each way to start."""
        headings = [
            pick("start", "起点"),
            pick("starts", "次数"),
            pick("steps", "步数"),
            pick("learned", "学会"),
            pick("waiting", "停滞"),
            pick("dead", "死亡"),
            pick("share that fails", "失败的比例"),
            pick("silent classes at the end", "最后沉默的类别"),
        ]
        rows = []
        for start in self.starts:
            tried = self.of(start)
            low, high = self.interval(start)
            silent = f"{sum(trial.dead_after for trial in tried) / len(tried):.1f}"
            counts = [str(self.count(start, each)) for each in ("learned", "waiting", "dead")]
            share = pick(
                f"{percent(low, 0)} to {percent(high, 0)}",
                f"{percent(low, 0)} ～ {percent(high, 0)}",
            )
            name, steps = name_of(start), f"{tried[0].steps:,}"
            rows.append([name, str(len(tried)), steps, *counts, share, silent])
        yield TextTable(pick("What became of each start", "每种起点的结局"), headings, rows)

    def figure(self, path: str | Path | None = None) -> Figure:
        """The loss of every training over the epochs, a panel for each way to start.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        from convscope.experiments.start_trials_figure import start_trials_figure

        return start_trials_figure(self, path)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {"trials": [asdict(trial) | {"losses": [*trial.losses]} for trial in self.trials]}


def try_start(
    build: Callable[[], nn.Module], data: Data, recipe: Recipe, *, start: str = ""
) -> StartTrial:
    """Train a network from one start and see what became of it.

    Args:
        build: Builds the network; it ends in one logit for each class. It is called with torch's
            generator at the recipe's seed.
        data: As for `cs.train`.
        recipe: As for `cs.train`; its `epochs` are taken, not its `minutes`.
        start: What this way to start is called.

    Raises:
        UsageError: Network, data and recipe don't fit.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        network = build()
    job = prepare(network, data, recipe)
    batches = job.monitor_batches(Execution(torch.device("cpu"), "float32", recipe.threads))
    images = torch.cat([some for some, _ in batches.epoch(0)])[:IMAGES]
    dead_before = count_dead_classes(job.network, images)
    curves = measure_curves(build, data, recipe)
    return StartTrial(
        start=start,
        seed=recipe.seed,
        losses=curves.train_loss,
        accuracy=curves.last_accuracy,
        dead_before=dead_before,
        dead_after=count_dead_classes(curves.network, images),
        classes=curves.classes,
        steps=curves.total_steps,
    )


def read_start_trials(rows: Iterable[Mapping[str, Any]]) -> StartTrials:
    """Trials that were stored, as they came out of `try_start`.

    Args:
        rows: With the attributes of `StartTrial`, as `lessons.stored` reads them.
    """
    return StartTrials(tuple(StartTrial(**{**row, "losses": (*row["losses"],)}) for row in rows))
