"""What the page of the runs view asks, under /api/runs. Only images need torch."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pydantic
from fastapi import APIRouter, Request
from starlette.responses import Response

from convscope.studio.numbers import send_array
from convscope.studio.refusals import refuse
from convscope.studio.run_folders import find_run
from convscope.studio.runs.cells import AT_ONCE, cell
from convscope.studio.runs.curves import MOST_POINTS, MOST_RUNS, KeptCurves
from convscope.studio.runs.downloads import (
    csv_response,
    metrics_rows,
    predictions_response,
    report_response,
    table_rows,
)
from convscope.studio.runs.facts import facts
from convscope.studio.runs.result import read_result
from convscope.studio.runs.summaries import read_summaries
from convscope.web.failures import Refused, json_response

router = APIRouter()
Found = TypeVar("Found")


class CurvesRequest(pydantic.BaseModel, extra="forbid"):
    """Curves of several runs over the same steps.

    Attributes:
        runs: Their names.
        first: The first step that is wanted.
        last: The last one; None: all.
        most: Most points of a curve.
    """

    runs: list[str] = pydantic.Field(max_length=MOST_RUNS)
    first: float = pydantic.Field(default=0, ge=0, allow_inf_nan=False)
    last: float | None = pydantic.Field(default=None, ge=0, allow_inf_nan=False)
    most: int = pydantic.Field(default=MOST_POINTS, ge=4, le=MOST_POINTS)


class OneRunRequest(pydantic.BaseModel, extra="forbid"):
    """A run, by its name."""

    run: str


class CellRequest(pydantic.BaseModel, extra="forbid"):
    """A cell of a run's confusion matrix.

    Attributes:
        run: Name of the run.
        label: The true class.
        predicted: The class that was given.
        first: Images that are passed over.
    """

    run: str
    label: str
    predicted: str
    first: int = pydantic.Field(default=0, ge=0)


class ImagesRequest(pydantic.BaseModel, extra="forbid"):
    """Some of the images that a run was evaluated on.

    Attributes:
        run: Name of the run.
        places: Their places, from 0 on.
    """

    run: str
    places: list[int] = pydantic.Field(max_length=AT_ONCE)


@router.get("/table", summary="All runs, with what is to be said of each")
async def table(request: Request) -> Response:
    """States, figures and forecasts of the runs of the opened folder."""
    runs: Path = request.app.state.runs

    def find() -> dict[str, Any]:
        rows = [{"name": name, **run.model_dump()} for name, run in read_summaries(runs).items()]
        return {"folder": str(runs), "now": time.time(), "runs": rows}

    return json_response(await asyncio.to_thread(find))


@router.get("/table.csv", summary="The same as CSV")
async def table_csv(request: Request) -> Response:
    """All numbers of the table, unrounded; seconds and bytes."""
    runs: Path = request.app.state.runs
    rows = await asyncio.to_thread(lambda: table_rows(read_summaries(runs)))
    return csv_response(rows, "runs")


@router.post("/one", summary="One run: settings, forecast, evaluation")
async def one_run(asked: OneRunRequest, request: Request) -> Response:
    """Everything but curves and images; what is damaged is told in `problems`."""
    found = await _of_run(request, asked.run, lambda folder: facts(asked.run, folder))
    return json_response(found)


@router.post("/curves", summary="Curves of runs, reduced for drawing")
async def curves(asked: CurvesRequest, request: Request) -> Response:
    """Of each stretch of steps the lowest and the highest point; a sentence for each curve."""
    state = request.app.state
    if not hasattr(state, "curves"):
        state.curves = KeptCurves(state.runs)
    found = await asyncio.to_thread(
        state.curves.reduced, asked.runs, asked.first, asked.last, asked.most
    )
    return json_response({"runs": found})


@router.get("/metrics.csv", summary="All metrics of a run as CSV")
async def metrics_csv(request: Request, name: str) -> Response:
    """One row for each line of metrics.jsonl, and one column for each name in it."""
    from convscope.runs.run import Run

    return csv_response(
        await _of_run(request, name, lambda folder: metrics_rows(Run(folder))), "metrics"
    )


@router.get("/predictions.csv", summary="What a run says of each image it was evaluated on")
async def predictions_csv(request: Request, name: str) -> Response:
    """The file of the run's folder."""
    return await _of_run(request, name, predictions_response)


@router.get("/report", summary="The report of a run")
async def report(request: Request, name: str) -> Response:
    """Its page, without access to Studio."""
    return await _of_run(request, name, report_response)


@router.post("/cell", summary="Which images are in a cell of the confusion matrix")
async def one_cell(asked: CellRequest, request: Request) -> Response:
    """Their places and files, the most confident first."""

    def find(folder: Path) -> dict[str, Any]:
        from convscope.runs.run import Run

        run = Run(folder)
        result = read_result(run)
        if result is None:
            raise refuse("refused.runs.unevaluated", run=str(folder))
        return cell(run, result, asked.label, asked.predicted, asked.first)

    return json_response(await _of_run(request, asked.run, find))


@router.post("/images", summary="Images that a run was evaluated on")
async def images(asked: ImagesRequest, request: Request) -> Response:
    """uint8 (channels, height, width), as the data has them."""
    state = request.app.state

    def find() -> list[dict[str, Any]]:
        found = []
        for place in asked.places:
            image = state.evaluated.get(asked.run, place)
            pixels = send_array(image.pixels)
            found.append(
                {"index": place, "path": image.path, "label": image.label, "image": pixels}
            )
        return found

    loop = asyncio.get_running_loop()
    return json_response({"images": await loop.run_in_executor(state.torch_thread, find)})


async def _of_run(request: Request, name: str, find: Callable[[Path], Found]) -> Found:
    """What a run's folder says, in a thread; a folder that goes meanwhile is said, too."""
    runs: Path = request.app.state.runs

    def look() -> Found:
        try:
            return find(find_run(name, runs))
        except FileNotFoundError:
            raise refuse("refused.runs.name", name=name) from None
        except OSError as error:
            raise Refused(422, f"{name}: {error.strerror or error}.") from None

    return await asyncio.to_thread(look)
