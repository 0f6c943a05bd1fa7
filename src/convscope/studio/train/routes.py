"""What the page of the train view asks, under /api/train."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pydantic
from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from convscope.runs.metrics_file import MetricsFollower, parse_place, read_rows
from convscope.studio.images import image_names
from convscope.studio.run_folders import list_runs
from convscope.studio.train.dials import Dials
from convscope.studio.train.looks import KeptLooks
from convscope.studio.train.progress import ProgressReader
from convscope.studio.train.settings import (
    DATA,
    PUBLISHED,
    RECIPES,
    TrainingSettings,
    check_settings,
    recipe_changes,
)
from convscope.studio.train.stream import follow, send_part
from convscope.studio.train.trainings import AT_ONCE, TrainingList
from convscope.web.failures import json_response


@asynccontextmanager
async def ending(app: Any) -> AsyncIterator[None]:
    """What is ended with Studio: the process that forecasts; trainings go on."""
    yield
    state = getattr(app.state, "train", None)
    if state is not None:
        await state.dials.close()


router = APIRouter(lifespan=ending)


class StartedRunRequest(pydantic.BaseModel, extra="forbid"):
    """A run that was started here.

    Attributes:
        run: Its name.
    """

    run: str = pydantic.Field(max_length=255)


class TrainState:
    """What the routes keep while Studio is open; all of it can be lost."""

    def __init__(self, request: Request) -> None:
        self.trainings = TrainingList(request.app.state.runs)
        self.reader = ProgressReader(self.trainings)
        self.dials = Dials()
        self.looks = KeptLooks()
        self.has_looked = False


def state_of(request: Request) -> TrainState:
    """The state of this application."""
    state = request.app.state
    if not hasattr(state, "train"):
        state.train = TrainState(request)
    found: TrainState = state.train
    return found


@router.get("/choices", summary="Networks, data and recipes that there are")
async def choices(request: Request) -> Response:
    """Also the names of the quantities that are drawn, in both languages."""

    def find() -> dict[str, Any]:
        from convscope.networks.catalog import entry, list_networks
        from convscope.runs.metric_curves import QUANTITIES

        return {
            "networks": [{"name": name, "size": entry(name).image[1]} for name in list_networks()],
            "data": list(DATA),
            "recipes": list(RECIPES),
            "sources": [PUBLISHED, *_trained(request.app.state.runs)],
            "images": image_names(),
            "at_once": AT_ONCE,
            "quantities": {
                name: {"en": words.en, "zh": words.zh} for name, words in QUANTITIES.items()
            },
        }

    # The catalog needs torch.
    thread = request.app.state.torch_thread
    return json_response(await asyncio.get_running_loop().run_in_executor(thread, find))


@router.post("/forecast", summary="Time and memory of a training, before it begins")
async def forecast(settings: TrainingSettings, request: Request) -> Response:
    """As `convscope plan`, and the fields of the recipe that are usual; 409 if a newer one came."""
    runs: Path = request.app.state.runs
    asked = {
        "network": settings.network,
        "data": await asyncio.to_thread(check_settings, settings),
        "recipe": settings.recipe,
        "changes": await asyncio.to_thread(recipe_changes, settings, runs),
    }
    return json_response(await state_of(request).dials.forecast(asked))


@router.post("/start", summary="Start a training in a process of its own")
async def start(settings: TrainingSettings, request: Request) -> Response:
    """It writes a run folder, and goes on whether anybody looks or not."""
    state = state_of(request)
    state.dials.end()  # its memory and its processor are for the training
    begun = await asyncio.to_thread(state.trainings.start, settings)
    return json_response(await asyncio.to_thread(state.reader.read, begun))


@router.post("/resume", summary="Go on with a run from its newest checkpoint")
async def resume(asked: StartedRunRequest, request: Request) -> Response:
    """For one that was paused, or was ended from outside."""
    state = state_of(request)
    begun = await asyncio.to_thread(state.trainings.resume, asked.run)
    return json_response(await asyncio.to_thread(state.reader.read, begun))


@router.post("/stop", summary="Let a training write a checkpoint and end")
async def stop(asked: StartedRunRequest, request: Request) -> Response:
    """Asked a second time, it doesn't wait for the end of a step."""
    state = state_of(request)
    await asyncio.to_thread(state.trainings.stop, asked.run)
    found = state.trainings.find(asked.run)
    return json_response(await asyncio.to_thread(state.reader.read, found))


@router.post("/forget", summary="Take a training that has ended off the list")
async def forget(asked: StartedRunRequest, request: Request) -> Response:
    """The run's folder stays."""
    await asyncio.to_thread(state_of(request).trainings.forget, asked.run)
    return json_response({"run": asked.run})


@router.get("/trainings", summary="The trainings that were started from here")
async def trainings(request: Request) -> Response:
    """How each is going, the newest first."""
    state = state_of(request)

    def find() -> list[dict[str, Any]]:
        return [state.reader.read(each) for each in state.trainings.all()]

    return json_response({"trainings": await asyncio.to_thread(find)})


@router.get("/events", summary="A training as it goes on, as server-sent events")
async def events(request: Request, run: str, after: str = "") -> Response:
    """Rows of its metrics, and how it is going; the id of an event is where to go on."""
    state = state_of(request)
    state.trainings.find(run)
    place = parse_place(request.headers.get("last-event-id") or after)
    return StreamingResponse(
        follow(state.trainings, state.reader, run, place, lambda: request.app.state.ending),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


@router.get("/rows", summary="The same for who asks again and again")
async def rows(request: Request, run: str, after: str = "") -> Response:
    """Rows after a place, where to go on, and how the training is going."""
    state = state_of(request)
    training = state.trainings.find(run)
    follower = MetricsFollower(state.trainings.folder(run) / "metrics.jsonl", parse_place(after))
    part = await asyncio.to_thread(follower.read)
    progress = await asyncio.to_thread(state.reader.read, training)
    return json_response({**send_part(part), "progress": progress})


@router.get("/words", summary="The curves of a training in words")
async def words(request: Request, run: str) -> Response:
    """A sentence for each, in both languages; `took` is the processor time that they cost."""
    state = state_of(request)
    state.trainings.find(run)

    def find() -> dict[str, Any]:
        from convscope.runs.metric_curves import metric_curves

        began = time.thread_time()
        found, _ = read_rows(state.trainings.folder(run) / "metrics.jsonl")
        said = {name: curve.in_words() for name, curve in metric_curves(found).items()}
        sentences = {name: {"en": each.en, "zh": each.zh} for name, each in said.items()}
        return {"sentences": sentences, "took": time.thread_time() - began}

    return json_response(await asyncio.to_thread(find))


@router.get("/checkpoint", summary="Kernels, feature maps and dead units of a checkpoint")
async def checkpoint(
    request: Request, run: str, image: str = "digit-3", step: int | None = None
) -> Response:
    """Those of the first convolution of the newest one, or what was shown of an earlier step.

    `history` has all steps that can be asked for. `took` is the processor time that it cost: who
    watches rests two hundred times as long before the next look. What the first one costs is mostly
    to load PyTorch, which comes once: it is called 0.
    """
    state = state_of(request)
    state.trainings.find(run)

    def find() -> dict[str, Any]:
        if step is not None:
            return {**state.looks.find(run, step), "history": state.looks.history(run)}
        from convscope.studio.train.checkpoint_view import show_checkpoint

        began = time.process_time()  # of PyTorch's threads as well
        found = show_checkpoint(state.trainings.folder(run), image)
        took = time.process_time() - began if state.has_looked else 0.0
        state.has_looked = True
        state.looks.keep(run, found)
        return {**found, "history": state.looks.history(run), "took": took}

    thread = request.app.state.torch_thread
    return json_response(await asyncio.get_running_loop().run_in_executor(thread, find))


def _trained(runs: Path) -> list[str]:
    """The runs whose weights another training can begin with."""
    return [
        name for name, folder in list_runs(runs).items() if (folder / "model.safetensors").is_file()
    ]
