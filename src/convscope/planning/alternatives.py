"""The same run with something changed: other batches, image sizes, precisions, recomputation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from convscope.errors import ConvscopeError, UsageError
from convscope.look import numbers
from convscope.look.numbers import duration
from convscope.look.printed import Part, Printed, TextTable
from convscope.networks.catalog import entry
from convscope.planning.forecast import Forecast, epochs_words
from convscope.planning.forecaster import Forecaster
from convscope.planning.words import range_words

MEASURING_SECONDS = 0.5  # for each; what isn't timed is estimated
SIZES = (0.5, 0.75)
MOST = 7  # changes that are tried
SMALL = 64  # pixels; larger images aren't what the variants for small ones are for


@dataclass(frozen=True)
class Alternative:
    """A forecast with one thing changed.

    Attributes:
        change: What is changed, in words; "as it is" for nothing.
        forecast: The run with it.
    """

    change: str
    forecast: Forecast

    def as_dict(self, minutes: float | None = None) -> dict[str, Any]:
        """Plain data that JSON can hold; seconds and bytes.

        Args:
            minutes: Adds the epochs that fit in this time.
        """
        forecast = self.forecast
        row = {
            "change": self.change,
            "network": forecast.network,
            "batch_size": forecast.batch_size,
            "size": forecast.size,
            "precision": forecast.precision,
            "step_seconds": forecast.step.value,
            "epoch_seconds": forecast.epoch.value,
            "run_seconds": forecast.run.value,
            "peak_bytes": round(forecast.memory.value),
            "peak_bytes_high": round(forecast.memory.high),
        }
        if minutes is not None:
            fitting = forecast.epochs_within(minutes)
            row["fitting_epochs"] = fitting.value
            row["fitting_epochs_low"] = fitting.low
            row["fitting_epochs_high"] = fitting.high
        return row


@dataclass(frozen=True)
class Alternatives(Printed):
    """Forecasts with one thing changed at a time.

    Attributes:
        rows: One for each change that works; the first is the run as it is.
        minutes: Time for training that the recipe gives; None where epochs decide.
    """

    rows: tuple[Alternative, ...]
    minutes: float | None

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold; seconds and bytes."""
        return {
            "minutes": self.minutes,
            "rows": [row.as_dict(self.minutes) for row in self.rows],
        }

    def shown(self) -> Iterator[Part]:
        """A row for each change, beside the run as it is."""
        first = self.rows[0].forecast
        rows = []
        for each in self.rows:
            forecast = each.forecast
            time = duration(forecast.run.value)
            if self.minutes is not None:
                time = range_words(forecast.epochs_within(self.minutes), epochs_words)
            rows.append(
                (
                    each.change,
                    duration(forecast.step.value),
                    duration(forecast.epoch.value)
                    + _difference(forecast.epoch.value, first.epoch.value),
                    time,
                    numbers.size(forecast.memory.value)
                    + _difference(forecast.memory.value, first.memory.value),
                )
            )
        third = "run" if self.minutes is None else f"epochs in {self.minutes:g} min"
        headings = ("change", "step", "epoch", third, "memory")
        yield TextTable("With one thing changed", headings, rows)


def forecast_alternatives(
    known: Sequence[Forecaster],
    forecast: Forecast,
    change: Callable[..., Sequence[Forecaster]],
    advance: Callable[[int], None] = lambda _: None,
) -> Alternatives:
    """Forecast with one thing changed at a time; changes that don't work are left out.

    Args:
        known: Forecasts the run as it is, in each precision; the likeliest first.
        forecast: The run as it is, for the first row.
        change: Gives what forecasts the run with fields of its recipe changed, or another
            `network`.
        advance: Called with 1 after every row.
    """
    rows = [Alternative("as it is", forecast)]
    for name, make in _changes(known, forecast, change):
        try:
            changed = make()
        except ConvscopeError:  # the network doesn't take images of this size
            changed = None
        if changed is not None:
            rows.append(Alternative(name, changed))
        advance(1)
    return Alternatives(tuple(rows), known[0].workload.recipe.minutes)


def _changes(
    known: Sequence[Forecaster], forecast: Forecast, change: Callable[..., Sequence[Forecaster]]
) -> Iterator[tuple[str, Callable[[], Forecast | None]]]:
    """Each change in words, and what makes its forecast."""
    first = known[0]
    recipe, precision = first.workload.recipe, forecast.precision

    def at(forecaster: Forecaster, batch_size: int = forecast.batch_size) -> Forecast:
        return forecaster.at(batch_size, measuring_seconds=MEASURING_SECONDS)

    def other(**changes: Any) -> Forecast:
        return at(change(**{"precision": precision, **changes})[0])

    for size in (forecast.batch_size // 2, forecast.batch_size * 2):
        if 1 <= size <= first.workload.counts["train"]:
            yield f"batch size {size}", lambda size=size: at(first, size)  # type: ignore[misc]
    if len(known) > 1:
        yield known[1].workload.execution.precision, lambda: at(known[1])
    else:
        name = "float32" if precision == "bfloat16" else "bfloat16"
        yield name, lambda: other(precision=name)
    for share in SIZES:
        size = round(share * forecast.size)
        yield f"{size} pixels", lambda size=size: other(size=size)  # type: ignore[misc]
    native = _native(forecast.network)
    stored = first.workload.stored_shape[1]
    if native is not None and stored <= SMALL and not recipe.network_arguments:
        yield f"{native}, {stored} pixels", lambda: other(network=native, size=stored)
    if not recipe.recompute:
        yield "recomputation", lambda: _if_smaller(other(recompute="auto"), forecast)


def _native(network: str) -> str | None:
    """The variant for small images of a network in the catalog, where there is one."""
    try:
        return entry(network).native
    except UsageError:
        return None


def _if_smaller(changed: Forecast, forecast: Forecast) -> Forecast | None:
    """Recomputation that saves nothing isn't worth a row."""
    return changed if changed.memory.value < 0.99 * forecast.memory.value else None


def _difference(value: float, before: float) -> str:
    share = round(100 * (value / before - 1))
    return f" {share:+d} %".replace("-", "−") if share else "      "
