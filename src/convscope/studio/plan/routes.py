"""What the page of the plan view asks, under /api/plan."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from convscope.studio.plan.runs_like import runs_like
from convscope.studio.plan.settings import CostSettings, LimitSettings, PlanSettings
from convscope.studio.runs.summaries import read_summaries
from convscope.studio.train.dials import Dials
from convscope.studio.train.settings import (
    DATA,
    TrainingSettings,
    check_settings,
    recipe_changes,
)
from convscope.web.failures import json_response

WORKER = [sys.executable, "-m", "convscope.studio.plan.worker"]


@asynccontextmanager
async def ending(app: Any) -> AsyncIterator[None]:
    """The process that forecasts ends with Studio."""
    yield
    dials = getattr(app.state, "plan_dials", None)
    if dials is not None:
        await dials.close()


router = APIRouter(lifespan=ending)


@router.get("/choices", summary="Networks and data that there are")
async def choices(request: Request) -> Response:
    """Data sets by name, and the data that runs of the opened folder were trained on."""
    runs: Path = request.app.state.runs

    def find() -> dict[str, Any]:
        from convscope.data.shards import is_there
        from convscope.networks.catalog import entry, list_networks

        own = {run.data for run in read_summaries(runs).values()} - {"", *DATA}
        return {
            "networks": [{"name": name, "size": entry(name).image[1]} for name in list_networks()],
            "data": [*DATA, *sorted(path for path in own if is_there(Path(path)))],
        }

    return json_response(await _in_torch_thread(request, find))


@router.post("/forecast", summary="Time and memory of a training under the dials")
async def forecast(settings: PlanSettings, request: Request) -> Response:
    """As `convscope plan`, with the memory over a step, and what like runs came to."""
    asked = {"what": "forecast", **await _asked(request, settings)}
    found = await _dials(request).forecast(asked)
    runs: Path = request.app.state.runs
    like = await asyncio.to_thread(
        runs_like, runs, settings.network, asked["data"], found["size"],
        found["forecast"]["batch_size"], settings.recompute,
    )  # fmt: skip
    return json_response({**found, "runs": like})


@router.post("/largest", summary="The largest batch within a limit of memory")
async def largest(settings: LimitSettings, request: Request) -> Response:
    """As `convscope plan --fits`."""
    asked = {"what": "largest", **await _asked(request, settings), "limit": settings.limit}
    return json_response(await _dials(request).forecast(asked))


@router.post("/costs", summary="What all networks cost on some images, or the forecast of one")
async def costs(settings: CostSettings, request: Request) -> Response:
    """As `convscope plan all`; with the best accuracy of each network among the runs."""
    checked = TrainingSettings(network=settings.network or "lenet", data=settings.data)
    data = await _in_torch_thread(request, lambda: check_settings(checked))
    asked = {
        "what": "costs",
        "data": data,
        "size": settings.size,
        "network": settings.network,
        "reading": settings.reading(),
    }
    found = await _dials(request).forecast(asked)
    if settings.network:
        return json_response(found)
    runs: Path = request.app.state.runs

    def accuracies() -> dict[str, dict[str, float]]:
        from convscope.planning.accuracies import best_accuracies

        best = best_accuracies(runs, data)
        return {
            name: {"accuracy": each.accuracy, "low": each.interval[0], "high": each.interval[1]}
            for name, each in best.items()
        }

    return json_response({**found, "accuracies": await _in_torch_thread(request, accuracies)})


async def _asked(request: Request, settings: PlanSettings) -> dict[str, Any]:
    """What is set, as the process that forecasts takes it."""
    return {
        "network": settings.network,
        "data": await _in_torch_thread(request, lambda: check_settings(settings)),
        "recipe": settings.recipe,
        "changes": await asyncio.to_thread(recipe_changes, settings, request.app.state.runs),
    }


def _dials(request: Request) -> Dials:
    state = request.app.state
    if not hasattr(state, "plan_dials"):
        state.plan_dials = Dials(WORKER)
    found: Dials = state.plan_dials
    return found


async def _in_torch_thread(request: Request, work: Any) -> Any:
    thread = request.app.state.torch_thread
    return await asyncio.get_running_loop().run_in_executor(thread, work)
