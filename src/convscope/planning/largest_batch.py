"""The largest batch within a limit of memory, as it is and with recomputation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from convscope.errors import ConvscopeError
from convscope.look.numbers import duration, percent, size
from convscope.look.printed import Paragraph, Part, Printed
from convscope.planning.forecast import Forecast
from convscope.planning.forecaster import Forecaster
from convscope.planning.history import Range

MEASURING_SECONDS = 0.5
NEAR = 8  # images between what fits and what doesn't, from which halving isn't needed
WORTHWHILE = 1.1  # times as large a batch; less isn't worth computing twice


@dataclass(frozen=True)
class BatchLimit:
    """The largest batch size whose memory stays within a limit.

    Attributes:
        limit_bytes: The limit.
        batch_size: Images per step. The upper end of its memory's range is within the limit.
        is_all: Whether that is every training image at once, so that more make no difference.
        memory: Peak memory with this batch.
        next_memory: Peak memory with one image more.
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


@dataclass(frozen=True)
class LargestBatch(Printed):
    """The largest batch within a limit of memory, and what it takes.

    Attributes:
        limit: The batch, and the limit.
        forecast: The run with this batch.
        recomputed: The largest batch with recomputation; None where it isn't worth it.
        more_work: Share by which recomputation adds to the computation of an image.
        command: Command that trains, without the batch size; None for a module of one's own.
        by_numbers: Whether the network decides by its numbers what to do, so that this isn't sure.
    """

    limit: BatchLimit
    forecast: Forecast
    recomputed: BatchLimit | None
    more_work: float
    command: str | None
    by_numbers: bool = False

    @property
    def batch_size(self) -> int:
        """Images per step."""
        return self.limit.batch_size

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold; seconds and bytes."""
        recomputed = None
        if self.recomputed is not None:
            recomputed = {**self.recomputed.as_dict(), "more_work": self.more_work}
        return {
            **self.limit.as_dict(),
            "step_seconds": self.forecast.step.value,
            "epoch_seconds": self.forecast.epoch.value,
            "run_seconds": self.forecast.run.value,
            "recomputation": recomputed,
        }

    def shown(self) -> Iterator[Part]:
        """The largest batch, what it takes, and how to train with it."""
        limit, forecast = self.limit, self.forecast
        everything = " (all training images)" if limit.is_all else ""
        yield Paragraph(
            f"Largest batch within {size(limit.limit_bytes)}: {limit.batch_size:,}{everything}",
            "bold",
        )
        yield Paragraph(
            f"Memory {size(limit.memory.value)}, at most {size(limit.memory.high)}; "
            f"{duration(forecast.step.value)} a step, {duration(forecast.epoch.value)} an "
            "epoch."
        )
        if self.recomputed is None:
            yield Paragraph("Recomputation isn't worth it: it wouldn't allow a much larger batch.")
        else:
            yield Paragraph(
                f"Recomputation (--recompute) allows {self.recomputed.batch_size:,}, for "
                f"{percent(self.more_work, 0)} more work."
            )
        if self.by_numbers:
            yield Paragraph(
                "The network decides by its numbers what to do. What it chose of a few images was "
                "taken to be the same in any batch, so less may fit."
            )
        how = f"{self.command} --batch-size " if self.command else "batch_size="
        yield Paragraph(f"Train with it: {how}{limit.batch_size}", "dim", wraps=False)


def find_largest_batch(
    forecasters: Sequence[Forecaster],
    recomputing: Sequence[Forecaster],
    limit_bytes: int,
    command: str | None = None,
) -> LargestBatch:
    """Find the largest batch within a limit, and whether recomputation would allow more.

    Args:
        forecasters: One for each precision that training may choose, the likeliest first.
        recomputing: The same of the run with recomputation; empty where it isn't to be tried.
        limit_bytes: Limit of the process's resident memory.
        command: Command that trains, without the batch size, for the result's text.

    Raises:
        ConvscopeError: Not even one image fits; says so if one does with recomputation.
    """
    recomputed = None
    if recomputing and recomputing[0].workload.recipe.recompute:
        try:
            recomputed = search_batch_size(recomputing, limit_bytes)
        except ConvscopeError:
            recomputed = None
    try:
        limit = search_batch_size(forecasters, limit_bytes)
    except ConvscopeError as problem:
        if recomputed is None:
            raise
        raise ConvscopeError(
            f"{problem} With --recompute, a batch of {recomputed.batch_size} fits."
        ) from None
    if recomputed is not None and recomputed.batch_size < WORTHWHILE * limit.batch_size:
        recomputed = None
    return LargestBatch(
        limit,
        forecasters[0].at(limit.batch_size, measuring_seconds=MEASURING_SECONDS),
        recomputed,
        _work(recomputing[0]) / _work(forecasters[0]) - 1 if recomputed else 0.0,
        command,
        forecasters[0].step.by_numbers,
    )


def _work(forecaster: Forecaster) -> int:
    return sum(operation.flops for operation in forecaster.step.operations) or 1


def search_batch_size(forecasters: Sequence[Forecaster], limit_bytes: int) -> BatchLimit:
    """Search the largest batch whose memory stays within a limit, at the upper end of its range.

    Args:
        forecasters: One for each precision that training may choose; the neediest counts.
        limit_bytes: Limit of the process's resident memory.

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
    return BatchLimit(limit_bytes, fits, fits == images, memory(fits), memory(fits + 1))
