"""`convscope plan --fits SIZE`: the largest batch that memory allows."""

from __future__ import annotations

from typing import Any

from convscope.errors import ConvscopeError
from convscope.planning.decisions import Fit, largest_batch
from convscope.planning.forecast import Forecast, Forecaster
from convscope.planning.plan import forecasters


def find_fit(network: str, data: str, known: list[Forecaster], limit: int) -> dict[str, Any]:
    """The largest batch within a limit, what it takes, and what recomputation makes of it."""
    recipe = known[0].workload.recipe
    fit, problem = None, None
    try:
        fit = largest_batch(known, limit)
    except ConvscopeError as error:
        problem = error
    result: dict[str, Any] = {"recomputation": None}
    if not recipe.recompute:
        again = forecasters(network, data, recipe=recipe, recompute="auto")
        try:
            recomputed = largest_batch(again, limit) if again[0].workload.recipe.recompute else None
        except ConvscopeError:
            recomputed = None
        if recomputed is not None and (fit is None or recomputed.batch_size > fit.batch_size):
            result["recomputation"] = _fit_fields(recomputed, again[0])
    if fit is None:
        if result["recomputation"] is None:
            raise problem  # type: ignore[misc]
        batch_size = result["recomputation"]["batch_size"]
        raise ConvscopeError(f"{problem} With --recompute, a batch of {batch_size} fits.")
    return {**_fit_fields(fit, known[0]), **result, "fit": fit}


def _fit_fields(fit: Fit, forecaster: Forecaster) -> dict[str, Any]:
    forecast: Forecast = forecaster.at(fit.batch_size, measuring_seconds=0.5)
    return {
        **fit.as_json(),
        "step_seconds": forecast.step.value,
        "epoch_seconds": forecast.epoch_seconds,
        "run_seconds": forecast.run.value,
        "pictures_per_second": forecast.pictures_per_second,
    }
