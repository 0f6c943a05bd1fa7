"""What to do about a forecast: the batch that fits, and how many epochs a time allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from convscope.errors import ConvscopeError
from convscope.look.numbers import size
from convscope.planning.forecast import Forecast
from convscope.planning.forecaster import Forecaster
from convscope.planning.history import Range

NEAR = 8  # images between what fits and what doesn't, from which halving isn't needed


@dataclass(frozen=True)
class Fit:
    """The largest batch within a limit of memory.

    Attributes:
        limit_bytes: The limit.
        batch_size: Images per step. The upper end of its memory's range is within the limit.
        is_all: Whether that is every training image at once, so that more make no difference.
        memory: Its peak.
        next_memory: Peak of the next larger batch.
    """

    limit_bytes: int
    batch_size: int
    is_all: bool
    memory: Range
    next_memory: Range

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold; bytes."""
        return {
            "limit_bytes": self.limit_bytes,
            "batch_size": self.batch_size,
            "is_all_images": self.is_all,
            "peak_bytes": round(self.memory.value),
            "low": round(self.memory.low),
            "high": round(self.memory.high),
        }


def largest_batch(forecasters: Sequence[Forecaster], limit_bytes: int) -> Fit:
    """The largest batch whose memory stays within a limit, at the upper end of its range.

    Args:
        forecasters: One for each precision that training may choose; the neediest counts.
        limit_bytes: Of the process's resident memory.

    Raises:
        ConvscopeError: Not even one image fits.
    """
    known: dict[int, Range] = {}

    def memory(batch_size: int) -> Range:
        if batch_size not in known:
            ranges = [each.memory_at(batch_size) for each in forecasters]
            known[batch_size] = max(ranges, key=lambda each: each.high)
        return known[batch_size]

    images = forecasters[0].workload.counts["train"]
    smallest = memory(1).high
    if smallest > limit_bytes:
        raise ConvscopeError(
            f"{forecasters[0].workload.name} doesn't fit in {size(limit_bytes)}: with one "
            f"image a step, training takes up to {size(smallest)}. Smaller images "
            "(--size) or a smaller network take less."
        )
    fits, fails = 1, min(2 * forecasters[0].workload.recipe.batch_size, images + 1)
    while fails <= images and memory(fails).high <= limit_bytes:
        fits, fails = fails, min(4 * fails, images + 1)
    # Memory grows nearly in proportion, so that interpolation comes close at once; every other
    # step halves, for where it doesn't.
    halves = False
    while fails - fits > 1:
        middle = (fits + fails) // 2
        if not halves:
            low, high = memory(fits).high, memory(fails).high
            share = (limit_bytes - low) / max(high - low, 1.0)
            middle = min(max(fits + int(share * (fails - fits)), fits + 1), fails - 1)
        if memory(middle).high <= limit_bytes:
            fits = middle
        else:
            fails = middle
        halves = not halves and fails - fits > NEAR
    return Fit(limit_bytes, fits, fits == images, memory(fits), memory(fits + 1))


def fitting_epochs(forecast: Forecast, minutes: float) -> Range:
    """How many epochs a time for training allows, start and last evaluation not counted.

    Args:
        forecast: Of the run.
        minutes: For the epochs, with the evaluation after each.
    """
    expected = expected_epoch_seconds(forecast)
    fitting = 60 * minutes / expected
    run = forecast.run
    return Range(fitting, fitting * run.value / run.high, fitting * run.value / run.low)


def expected_epoch_seconds(forecast: Forecast) -> float:
    """Time of an epoch, corrected by history as that of the run is.

    Args:
        forecast: Whose `epoch_seconds` are uncorrected.
    """
    return forecast.epoch_seconds * forecast.run.value / forecast.uncorrected["run"]
