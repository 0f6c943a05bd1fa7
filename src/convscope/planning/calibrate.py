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
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from convscope.errors import ConvscopeError
from convscope.planning.fixed_costs import FixedCosts, fixed_costs
from convscope.planning.plan import forecasters
from convscope.planning.times import OperationTimes, Timing, total
from convscope.runs import recipe as recipes
from convscope.runtime.execution import Precision

NETWORKS = ("lenet", "alexnet", "vgg11", "nin", "googlenet", "resnet18", "densenet")
IMAGES = (1, 28, 28)  # that the textbook trains them on, enlarged
SECONDS = 30.0  # for all of it, where the small run takes no longer
FEWEST_SECONDS = 0.2  # for timing the operations of a network, however late it is
PRECISIONS: tuple[Precision, ...] = ("bfloat16", "float32")
STEPS = 1 + len(NETWORKS) * len(PRECISIONS)  # that `advance` is called for


@dataclass(frozen=True)
class Calibration:
    """What was found.

    Attributes:
        costs: What every run costs besides its steps, the median of the last runs; None where the
            system doesn't tell a process's memory, so that runs leave nothing.
        operations: How many operations were looked at.
        share_measured: Share of their time that was measured, not estimated from similar ones.
        contention: Share of the time that this program waited for a processor; where it is above
            `runtime.contention.BUSY`, the times aren't kept.
        seconds: It took.
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


def calibrate(advance: Callable[[int], None], seconds: float = SECONDS) -> Calibration:
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
        known = forecasters(network, image_shape=IMAGES, recipe=recipe, precision=precision)
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
    return Calibration(
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
