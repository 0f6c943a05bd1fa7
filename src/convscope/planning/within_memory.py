"""The largest batch within a limit of memory, as it is and with recomputation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import nn

from convscope.data.load import Data
from convscope.errors import ConvscopeError
from convscope.planning.decisions import Fit, expected_epoch_seconds, largest_batch
from convscope.planning.forecast import Forecast
from convscope.planning.forecaster import Forecaster
from convscope.planning.plan import forecasters

MEASURING_SECONDS = 0.5
WORTHWHILE = 1.1  # times as large a batch; less isn't worth computing twice


@dataclass(frozen=True)
class WithinMemory:
    """What fits in a limit of memory.

    Attributes:
        fit: The largest batch.
        forecast: With this batch.
        recomputed: The largest batch with recomputation; None where it isn't worth it.
        more_work: Share by which recomputation adds to the computation of an image.
    """

    fit: Fit
    forecast: Forecast
    recomputed: Fit | None
    more_work: float

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold; seconds and bytes."""
        recomputed = None
        if self.recomputed is not None:
            recomputed = {**self.recomputed.as_dict(), "more_work": self.more_work}
        return {
            **self.fit.as_dict(),
            "step_seconds": self.forecast.step.value,
            "epoch_seconds": expected_epoch_seconds(self.forecast),
            "run_seconds": self.forecast.run.value,
            "recomputation": recomputed,
        }


def within_memory(
    network: str | nn.Module, data: Data, known: Sequence[Forecaster], limit_bytes: int
) -> WithinMemory:
    """Find the largest batch within a limit, and whether recomputation would allow more.

    Args:
        network: As `forecasters` was given it.
        data: As well.
        known: What it gave.
        limit_bytes: Of the process's resident memory.

    Raises:
        ConvscopeError: Not even one image fits; says so if one does with recomputation.
    """
    problem, fit = None, None
    try:
        fit = largest_batch(known, limit_bytes)
    except ConvscopeError as error:
        problem = error
    recomputed, more_work = _recomputed(network, data, known, limit_bytes)
    if fit is None:
        if recomputed is None:
            raise problem or AssertionError
        raise ConvscopeError(
            f"{problem} With --recompute, a batch of {recomputed.batch_size} fits."
        )
    if recomputed is not None and recomputed.batch_size < WORTHWHILE * fit.batch_size:
        recomputed = None
    forecast = known[0].at(fit.batch_size, measuring_seconds=MEASURING_SECONDS)
    return WithinMemory(fit, forecast, recomputed, more_work)


def _recomputed(
    network: str | nn.Module, data: Data, known: Sequence[Forecaster], limit_bytes: int
) -> tuple[Fit | None, float]:
    """The largest batch with recomputation, and by how much the work of an image grows."""
    recipe = known[0].workload.recipe
    if recipe.recompute:
        return None, 0.0
    again = forecasters(network, data, recipe=recipe, recompute="auto")
    if not again[0].workload.recipe.recompute:
        return None, 0.0
    try:
        fit = largest_batch(again, limit_bytes)
    except ConvscopeError:
        return None, 0.0
    before, after = (
        sum(operation.flops for operation in each[0].step.operations) for each in (known, again)
    )
    return fit, after / before - 1 if before else 0.0
