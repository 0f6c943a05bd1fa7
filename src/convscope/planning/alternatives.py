"""The same run with something changed: other batches, image sizes, precisions, recomputation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from torch import nn

from convscope.data.load import Data
from convscope.errors import ConvscopeError, UsageError
from convscope.networks.catalog import entry
from convscope.planning.decisions import expected_epoch_seconds, fitting_epochs
from convscope.planning.forecast import Forecast
from convscope.planning.forecaster import Forecaster
from convscope.planning.plan import forecasters

MEASURING_SECONDS = 0.5  # for each; what isn't timed is estimated
SIZES = (0.5, 0.75)
MOST = 7  # changes that are tried
SMALL = 64  # pixels; larger images aren't what the variants for small ones are for


@dataclass(frozen=True)
class Alternative:
    """A forecast with one thing changed.

    Attributes:
        change: In words; "as it is" for none.
        forecast: With it.
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
            "epoch_seconds": expected_epoch_seconds(forecast),
            "run_seconds": forecast.run.value,
            "peak_bytes": round(forecast.memory.value),
            "peak_bytes_high": round(forecast.memory.high),
        }
        if minutes is not None:
            fitting = fitting_epochs(forecast, minutes)
            row["fitting_epochs"] = fitting.value
            row["fitting_epochs_low"] = fitting.low
            row["fitting_epochs_high"] = fitting.high
        return row


def alternatives(
    network: str | nn.Module,
    data: Data,
    known: list[Forecaster],
    forecast: Forecast,
    advance: Callable[[int], None] = lambda _: None,
) -> list[Alternative]:
    """Forecasts with one thing changed at a time; changes that don't work are left out.

    Args:
        network: As `forecasters` was given it.
        data: As well.
        known: What it gave.
        forecast: As it is; the first row.
        advance: Called with 1 after every row.
    """
    rows = [Alternative("as it is", forecast)]
    for change, makes in _changes(network, data, known, forecast):
        try:
            changed = makes()
        except ConvscopeError:  # the network doesn't take images of this size
            changed = None
        if changed is not None:
            rows.append(Alternative(change, changed))
        advance(1)
    return rows


def _changes(
    network: str | nn.Module, data: Data, known: list[Forecaster], forecast: Forecast
) -> Iterator[tuple[str, Callable[[], Forecast | None]]]:
    """Each change in words, and what makes its forecast."""
    first = known[0]
    recipe, precision = first.workload.recipe, forecast.precision

    def other(network: str | nn.Module, **changes: Any) -> Forecast:
        changes = {"precision": precision, **changes}
        found = forecasters(network, data, recipe=recipe, **changes)[0]
        return found.at(forecast.batch_size, measuring_seconds=MEASURING_SECONDS)

    def batch(size: int) -> Forecast:
        return first.at(size, measuring_seconds=MEASURING_SECONDS)

    for size in (forecast.batch_size // 2, forecast.batch_size * 2):
        if 1 <= size <= first.workload.counts["train"]:
            yield f"batch size {size}", lambda size=size: batch(size)  # type: ignore[misc]
    if len(known) > 1:
        yield (
            known[1].workload.execution.precision,
            lambda: known[1].at(forecast.batch_size, measuring_seconds=MEASURING_SECONDS),
        )
    else:
        name = "float32" if precision == "bfloat16" else "bfloat16"
        yield name, lambda: other(network, precision=name)
    for share in SIZES:
        size = round(share * forecast.size)
        yield f"{size} pixels", lambda size=size: other(network, size=size)  # type: ignore[misc]
    native = _native(network)
    stored = first.workload.stored_shape[1]
    if native is not None and stored <= SMALL and not recipe.network_arguments:
        yield f"{native}, {stored} pixels", lambda: other(native, size=stored)
    if not recipe.recompute:
        yield "recomputation", lambda: _if_smaller(other(network, recompute="auto"), forecast)


def _native(network: str | nn.Module) -> str | None:
    try:
        return entry(network).native if isinstance(network, str) else None
    except UsageError:
        return None


def _if_smaller(changed: Forecast, forecast: Forecast) -> Forecast | None:
    """Recomputation that saves nothing isn't worth a row."""
    return changed if changed.memory.value < 0.99 * forecast.memory.value else None
