"""Get to know this machine once, so that the first forecasts are as good as later ones.

A small run is trained in a process of its own and leaves what start-up, evaluation and the process
itself cost, as every run does. Then operations of the textbook's networks are timed.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from convscope.errors import ConvscopeError
from convscope.look.numbers import duration, percent, size
from convscope.look.printed import Paragraph, Part, Printed
from convscope.planning.fixed_costs import FixedCosts, fixed_costs
from convscope.planning.plan import Plan
from convscope.planning.times import OperationTimes, Timing, total
from convscope.runs import recipe as recipes
from convscope.runtime.contention import BUSY
from convscope.runtime.execution import Precision

NETWORKS = ("lenet", "alexnet", "vgg11", "nin", "googlenet", "resnet18", "densenet")
IMAGES = (1, 28, 28)  # that the textbook trains them on, enlarged
SECONDS = 30.0  # for all of it, where the small run takes no longer
FEWEST_SECONDS = 0.2  # for timing the operations of a network, however late it is
PRECISIONS: tuple[Precision, ...] = ("bfloat16", "float32")
STEPS = 1 + len(NETWORKS) * len(PRECISIONS)  # that `advance` is called for


@dataclass(frozen=True)
class MachineMeasurement(Printed):
    """What was found out about this machine.

    Attributes:
        costs: What every run costs besides its steps, the median of the last runs; None where the
            system doesn't tell a process's memory, so that runs leave nothing.
        operations: How many operations were looked at.
        share_measured: Share of their time that was measured, not estimated from similar ones.
        contention: Share of the time that this program waited for a processor; where it is above
            `runtime.contention.BUSY`, the times aren't kept.
        seconds: How long all of it took.
    """

    costs: FixedCosts | None
    operations: int
    share_measured: float
    contention: float
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold; seconds and bytes."""
        return {
            **(asdict(self.costs) if self.costs else {}),
            "operations": self.operations,
            "share_measured": self.share_measured,
            "contention": self.contention,
            "seconds": self.seconds,
        }

    def shown(self) -> Iterator[Part]:
        """What runs cost here besides their steps, and how many operations are known."""
        costs, is_busy = self.costs, self.contention > BUSY
        if costs is not None:
            evaluation = duration(costs.final_evaluation_seconds)
            yield Paragraph(f"start-up       {duration(costs.start_seconds)}")
            yield Paragraph(f"evaluation     {evaluation}, besides the logits")
            yield Paragraph(f"process memory {size(costs.start_bytes + costs.late_bytes)}")
        elif not is_busy:
            yield Paragraph(
                "This system doesn't tell what a process takes, so forecasts use stand-ins for it."
            )
        yield Paragraph(
            f"operations     {self.operations:,} looked at; {percent(self.share_measured, 0)} of "
            "their "
            "time measured, the rest estimated from similar ones"
        )
        if is_busy:
            yield Paragraph(
                "Times aren't kept: other programs held this one up "
                f"({percent(self.contention, 0)} of the time it waited for a processor). "
                "Measure again "
                "when they have ended."
            )
            return
        yield Paragraph(
            f"Kept for forecasts (took {duration(self.seconds)}). Try: convscope plan lenet digits"
        )


def measure_machine(advance: Callable[[int], None], seconds: float = SECONDS) -> MachineMeasurement:
    """Train a small run, time operations, and keep both in the cache folder.

    Args:
        advance: Is called with 1 after each of `STEPS` steps.
        seconds: For all of it; the small run isn't cut short, and no network is begun later.

    Raises:
        ConvscopeError: The small run failed.
    """
    begun = time.perf_counter()
    _train_small_run()
    advance(1)
    times = OperationTimes(torch.get_num_threads())
    timings: list[Timing] = []
    left = len(NETWORKS) * len(PRECISIONS)
    for precision, network in itertools.product(PRECISIONS, NETWORKS):
        before = time.perf_counter()
        recipe = recipes.named("book", network, "fashion-mnist")
        known = Plan(network, None, recipe, image_shape=IMAGES, precision=precision).forecasters
        now = time.perf_counter()
        share = (seconds - (now - begun)) / left  # of which recording takes some
        budget = max(FEWEST_SECONDS, share - (now - before))
        timings += times.of_step(known[0].step, recipe.batch_size, budget)
        left -= 1
        advance(1)
        if time.perf_counter() - begun > seconds:
            break
    times.save()
    costs, are_measured = fixed_costs()
    return MachineMeasurement(
        costs=costs if are_measured else None,
        operations=len(timings),
        share_measured=1 - total(timings)[1],
        contention=times.contention,
        seconds=time.perf_counter() - begun,
    )


def _train_small_run() -> None:
    with tempfile.TemporaryDirectory(prefix="convscope-") as folder:
        out = Path(folder) / "run"
        command = ["train", "lenet", "digits", "--recipe", "fast", "--epochs", "2", "--size", "28"]
        done = subprocess.run(
            [sys.executable, "-m", "convscope", *command, "--out", str(out), "--quiet"],
            capture_output=True,
            text=True,
        )
        if done.returncode:
            reason = done.stderr.strip().splitlines()[-1:] or ["no reason was given"]
            raise ConvscopeError(f"The small run for calibrating failed: {reason[0]}")
