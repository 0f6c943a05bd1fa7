"""What is asked of the planning room, as data that a page can show."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from convscope.studio.notes import send_notes

if TYPE_CHECKING:
    from convscope.planning.forecaster import Forecaster
    from convscope.planning.history import Range
    from convscope.planning.overview import Overview
    from convscope.planning.plan import Plan

KEPT = 6
"""Plans that are kept, with the step that was recorded for each."""
COLUMNS = 240
"""Moments of a step that are drawn."""
AROUND = (1 / 8, 1 / 4, 1 / 2, 1, 2, 4)
"""Batch sizes whose memory is told, as multiples of the one that is set."""
MEASURING_SECONDS = 0.4

_plans: dict[str, Plan] = {}
_overviews: dict[str, Overview] = {}


def answer(asked: dict[str, Any]) -> dict[str, Any]:
    """Answer one question of a page.

    Args:
        asked: `what`: "forecast", "largest" or "costs"; and what that takes.

    Raises:
        ConvscopeError: It can't be forecast, or a field isn't accepted.
    """
    if asked["what"] == "forecast":
        return forecast(asked)
    if asked["what"] == "largest":
        return largest_batch(asked)
    return costs(asked)


def forecast(asked: dict[str, Any]) -> dict[str, Any]:
    """A forecast, the memory over a step, and the memory of other batch sizes.

    Args:
        asked: `network`, `data`, `recipe` ("" for the usual one) and `changes` to it.
    """
    from convscope.runs.choose_recipe import choose_recipe

    changes = dict(asked["changes"])
    chosen = choose_recipe(asked["network"], asked["data"], asked["recipe"] or None, changes)
    plan = _plan(asked)
    length = {"epochs": chosen.epochs, "minutes": chosen.minutes}
    if length != {"epochs": plan.recipe.epochs, "minutes": plan.recipe.minutes}:
        plan = plan.replace(**length)
    found, forecaster = plan.forecast(chosen.batch_size), plan.forecasters[0]
    return {
        "forecast": {
            **found.as_dict(),
            "words": found.in_words(),
            "notes": send_notes(found.notes),
        },
        "recipe": chosen.as_dict(),
        "recomputed": list(forecaster.workload.recipe.recompute),
        "size": plan.workload.size,
        "timeline": step_timeline(forecaster, chosen.batch_size),
        "batches": _batches(forecaster, chosen.batch_size),
    }


def largest_batch(asked: dict[str, Any]) -> dict[str, Any]:
    """The largest batch within a limit of memory, as it is and with recomputation.

    Args:
        asked: As for `forecast`, and `limit` in bytes.
    """
    return _plan(asked).largest_batch(asked["limit"]).as_dict()


def costs(asked: dict[str, Any]) -> dict[str, Any]:
    """Parameters and MACs of all networks for some images, or the forecast of one of them.

    Args:
        asked: `data`, `size` (None: as the images are), `network` ("" for all), and `reading`:
            fields that say how the files are read.
    """
    from convscope.data.reading import Reading
    from convscope.planning.overview import count_costs, forecast_costs

    key = json.dumps([asked["data"], asked["size"], asked["reading"]])
    if key not in _overviews:
        _overviews.clear()
        reading = Reading(**asked["reading"])
        _overviews[key] = count_costs(asked["data"], size=asked["size"], reading=reading)
    found = _overviews[key]
    if not asked["network"]:
        return found.as_dict()
    one = tuple(each for each in found.costs if each.network == asked["network"])
    told = forecast_costs(replace(found, costs=one))
    return {name: each.as_dict() for name, each in told.items()}


def step_timeline(forecaster: Forecaster, batch_size: int) -> dict[str, Any]:
    """The memory over a training step at few enough moments to be drawn, its peak among them.

    Args:
        forecaster: Has recorded the step.
        batch_size: Images.
    """
    from convscope.planning.memory_timeline import KINDS, find_peak, memory_timeline

    timeline = memory_timeline(forecaster.step, batch_size)
    totals = timeline.bytes.sum(axis=0)
    parts = np.array_split(np.arange(len(totals)), min(COLUMNS, max(len(totals), 1)))
    moments = [int(part[totals[part].argmax()]) for part in parts if len(part)]
    peak = find_peak(forecaster.step, batch_size)
    starts = []
    for phase in ("forward", "backward", "optimizer"):
        first = timeline.first(phase)
        if first is not None:
            starts.append({"phase": phase, "at": sum(moment < first for moment in moments)})
    return {
        "kinds": list(KINDS),
        "bytes": timeline.bytes[:, moments].T.tolist(),
        "phases": starts,
        "peak": moments.index(timeline.peak) if moments else None,
        "most": int(totals.max()) if moments else 0,
        "moment": None if peak is None else asdict(peak),
        "resident": {kind: sum(sizes) for kind, sizes in forecaster.step.resident.items()},
    }


def _batches(forecaster: Forecaster, batch_size: int) -> list[dict[str, Any]]:
    """The memory of other batch sizes; nothing is timed for it."""
    images = forecaster.workload.counts["train"]
    sizes = {max(1, round(batch_size * factor)) for factor in AROUND}
    return [
        {"batch_size": size, "memory": _range(forecaster.memory_at(size))}
        for size in sorted(sizes)
        if size <= max(images, batch_size)
    ]


def _range(found: Range) -> dict[str, float]:
    return asdict(found)


def _plan(asked: dict[str, Any]) -> Plan:
    """The plan of a training; length and batch size aside, it is recorded once."""
    from convscope.planning.plan import Plan

    aside = ("epochs", "minutes", "batch_size", "learning_rate", "seed")
    changes = {name: value for name, value in asked["changes"].items() if name not in aside}
    key = json.dumps([asked["network"], asked["data"], asked["recipe"], changes], sort_keys=True)
    if key not in _plans:
        while len(_plans) >= KEPT:
            del _plans[next(iter(_plans))]
        recipe = asked["recipe"] or None
        _plans[key] = Plan(asked["network"], asked["data"], recipe, **changes)
    return _plans[key]
