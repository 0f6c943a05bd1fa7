"""The learning-rate range test of Smith (2017), Cyclical Learning Rates, section 3.3.

A copy of the network, with its first weights, takes steps whose rate rises exponentially from far
too low to far too high. The loss begins to fall where the rate is large enough to matter, and
rises where it is too large.
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from torch import Tensor, nn

from convscope.runs.optimization import make_optimizer, set_learning_rate
from convscope.runs.recipe import Recipe
from convscope.runtime.execution import Execution
from convscope.runtime.module_copy import copy_module
from convscope.runtime.training_mode import into_training_mode
from convscope.runtime.training_step import training_step

STEPS = 100
RANGES = {"sgd": (1e-4, 10.0), "nesterov": (1e-4, 10.0), "adam": (1e-5, 1.0)}
RANGES["adamw"] = RANGES["adam"]
QUIET_STEPS = 12  # at the lowest rates, nothing is learned: they show the noise of the loss
MEMORY = 0.7  # of the smoothed loss
CLEAR_FALL = 0.04  # of the first loss: a smaller one isn't called learning
NOISE = 4.0  # times the spread of the smoothed loss: nor is a smaller one than this
BROKEN = 1.5  # times the first loss, or the least, where the test ends


@dataclass(frozen=True)
class RangeTest:
    """What came of a range test.

    Attributes:
        rates: Learning rate of every step taken, rising.
        losses: The smoothed loss at each rate; the last may be infinite.
        batch_size: Images per step.
        first_loss: Mean loss before anything was learned.
        lowest: The rate where the loss had fallen by a tenth of its whole fall; None if it never
            fell clearly.
        highest: The rate where the loss was least; None if it never fell clearly.
        broke_at: The rate at which the loss ran away; None if it didn't.
    """

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    batch_size: int
    first_loss: float
    lowest: float | None
    highest: float | None
    broke_at: float | None

    @property
    def least_loss(self) -> float:
        """The least smoothed loss on the way."""
        return min(self.losses)


def range_test(
    network: nn.Module,
    batches: Iterator[tuple[Tensor, Tensor]],
    recipe: Recipe,
    execution: Execution,
    on_step: Callable[[int], None] = lambda steps: None,
) -> RangeTest:
    """Take up to `STEPS` steps with a rising rate.

    Args:
        network: With the weights a run begins with; a copy is trained.
        batches: As training gets them.
        recipe: Gives the optimizer and label smoothing; its learning rate plays no part.
        execution: How to compute.
        on_step: Told of every step.
    """
    low, high = RANGES[recipe.optimizer]
    rates = [low * (high / low) ** (step / (STEPS - 1)) for step in range(STEPS)]
    taken: list[float] = []
    smoothed: list[float] = []
    quiet: list[float] = []
    average = 0.0
    batch_size = 0
    losses = training_losses(network, batches, recipe, execution, rates)
    for step, (rate, (loss, count)) in enumerate(zip(rates, losses, strict=True)):
        on_step(1)
        batch_size = max(batch_size, count)
        average = MEMORY * average + (1 - MEMORY) * loss
        smooth = average / (1 - MEMORY ** (step + 1))
        taken.append(rate)
        smoothed.append(smooth if math.isfinite(smooth) else math.inf)
        if step < QUIET_STEPS:
            quiet.append(loss)
        if not smooth < BROKEN * max(min(smoothed), sum(quiet) / len(quiet)):
            break
    return _read(taken, smoothed, quiet, batch_size)


def training_losses(
    network: nn.Module,
    batches: Iterator[tuple[Tensor, Tensor]],
    recipe: Recipe,
    execution: Execution,
    rates: list[float],
) -> Iterator[tuple[float, int]]:
    """Train a copy, one step for each rate; as the run does, but without averaging the weights.

    Yields:
        The loss before each step, NaN and infinity included, and the number of images in it.
    """
    trained = into_training_mode(copy_module(network))
    optimizer = make_optimizer(trained, recipe)
    for rate, (images, labels) in zip(rates, itertools.islice(batches, len(rates)), strict=True):
        set_learning_rate(optimizer, rate)
        loss = training_step(
            trained,
            images,
            labels,
            execution,
            optimizer,
            label_smoothing=recipe.label_smoothing,
            clip_gradient=recipe.clip_gradient,
        )
        yield loss.item(), len(images)


def _spread(losses: list[float]) -> float:
    """How much the smoothed loss scatters by chance, not counting that it rises or falls.

    From the differences of neighbours, which scatter √2 times as much as the losses; an average
    that forgets, m of it being kept in each step, scatters √((1 - m) / (1 + m)) times as much.
    """
    if len(losses) < 2 or not all(map(math.isfinite, losses)):
        return math.inf
    squares = [(after - before) ** 2 for before, after in itertools.pairwise(losses)]
    return math.sqrt(statistics.fmean(squares) / 2 * (1 - MEMORY) / (1 + MEMORY))


def _read(
    rates: list[float], losses: list[float], quiet: list[float], batch_size: int
) -> RangeTest:
    """Find the good range in the curve."""
    first = statistics.fmean(quiet)
    broke_at = rates[-1] if len(rates) < STEPS else None
    spread = _spread(quiet)
    least = min(range(len(losses)), key=losses.__getitem__)
    fall = first - losses[least]
    lowest = highest = None
    if math.isfinite(first) and fall > max(CLEAR_FALL * first, NOISE * spread):
        lowest = next(
            rate
            for rate, loss in zip(rates[QUIET_STEPS:], losses[QUIET_STEPS:], strict=True)
            if loss < first - fall / 10
        )
        highest = rates[least]
    return RangeTest(tuple(rates), tuple(losses), batch_size, first, lowest, highest, broke_at)
