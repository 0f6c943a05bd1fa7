"""The routes: what the server can be asked for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import FastAPI, Query, Request, Response
from fastapi.responses import HTMLResponse
from starlette.types import ASGIApp

from convscope.runs.model_file import ModelCard
from convscope.shipping.server import pages, schema
from convscope.shipping.server.admission import Admission, Condition, no_room
from convscope.shipping.server.body import images_of_list, is_list
from convscope.shipping.server.choice import Choice
from convscope.shipping.server.guard import allowed_methods
from convscope.shipping.server.limits import ALL_BODIES_BYTES, BODY_BYTES, Settings
from convscope.shipping.server.metrics import Metrics
from convscope.shipping.server.places import NoRoomError, Places, Reservation
from convscope.shipping.server.requests import (
    ImageOutput,
    PredictRequest,
    RequestQueue,
    check_pixels,
)
from convscope.shipping.server.responses import describe_model, describe_predictions
from convscope.version import __version__
from convscope.web.bodies import Bodies
from convscope.web.failures import ClientGoneError, Refused, answer_failures, json_response

EXAMPLE = """\
curl --data-binary @cat.jpg -H 'Content-Type: image/jpeg' http://localhost:8000/predict
# where the server has a token, also: -H "Authorization: Bearer $CONVSCOPE_TOKEN\""""


def make_app(
    engine: Executor,
    choice: Choice,
    card: ModelCard,
    settings: Settings,
    metrics: Metrics,
    condition: Condition,
) -> ASGIApp:
    """The application, without the guard in front of it.

    Args:
        engine: The executor of one thread that computes.
        choice: Computes the predictions.
        card: The model's card.
        settings: Limits, as the person who started it chose.
        metrics: Counts.
        condition: Shared with whoever stops the server.
    """
    own_bytes = ALL_BODIES_BYTES // settings.workers
    bodies = Bodies(BODY_BYTES, own_bytes, "Send smaller or fewer images.")
    queue: RequestQueue | None = None

    def expect(images: int) -> None:
        if queue is not None:
            queue.expect(images)

    places = Places(settings.own_queue, metrics.queue.set, expect)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        nonlocal queue
        queue = RequestQueue(engine, choice, card, settings, metrics)
        yield
        queue.close()

    app = FastAPI(
        title="Convscope",
        version=__version__,
        description="Says what is on images.",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
    )

    @app.post(
        "/predict",
        summary="Say what is on images",
        response_model=schema.PredictResponse,
        responses=schema.FAILURES,
        openapi_extra={"requestBody": schema.REQUEST_BODY},
    )
    async def predict(
        request: Request,
        top: Annotated[int, Query(ge=1, description="Classes to name for each image.")] = 3,
    ) -> Response:
        """The most probable classes of one image, or of each image in a list."""
        assert queue is not None, "made before the first request"  # noqa: S101
        place: Reservation = request.state.place
        many = is_list(request)
        try:
            with bodies.room() as taken:
                body = await bodies.read(request, taken)
                contents = await asyncio.to_thread(_listed, body) if many else [body]
                await place.settle(len(contents))
                waiting = queue.submit(contents)
                place.submitted()
                waiting.finished.add_done_callback(lambda _: place.leave())
                condition.waiting.add(waiting)
                try:
                    outputs = await _wait_for(waiting, request, settings.timeout)
                finally:
                    condition.waiting.discard(waiting)
                    queue.drop(waiting)
        except NoRoomError:
            raise no_room(places, choice.throughput) from None
        except ClientGoneError:
            return Response(status_code=499)  # nobody reads it; it is for the counters
        found = describe_predictions(outputs, card.classes, top, many=many)
        predictions = found["predictions"]
        metrics.answered(len(predictions), sum(each["unknown"] for each in predictions))
        return json_response(found)

    @app.get("/model", summary="What answers here", response_model=schema.ModelResponse)
    async def model() -> Response:
        """The classes, the images expected, and how fast each engine was."""
        return json_response(describe_model(choice, card))

    @app.get("/healthz", summary="Whether the server lives")
    async def healthz() -> dict[str, str | int]:
        return {"status": "ok", "workers": condition.workers()}

    @app.get(
        "/readyz",
        summary="Whether requests are answered",
        response_model=schema.Readiness,
        responses={503: {"model": schema.Readiness, "description": "The server is stopping."}},
    )
    async def readyz() -> Response:
        ready = condition.leaving is None
        return json_response({"ready": ready}, 200 if ready else 503)

    @app.get("/metrics", summary="Counters for Prometheus", response_class=Response)
    async def counters() -> Response:
        return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    @app.get("/", include_in_schema=False)
    async def page() -> HTMLResponse:
        return _html(pages.upload_page())

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return _html(pages.docs_page(app.openapi(), "Try images", EXAMPLE))

    answer_failures(app, allowed_methods)
    return Admission(app, places, choice.throughput, condition)


async def _wait_for(
    waiting: PredictRequest, request: Request, timeout: float
) -> list[ImageOutput | str]:
    """The outputs of all images, or what kept them from being there in time."""
    gone = asyncio.ensure_future(_disconnect(request))
    try:
        await asyncio.wait(
            {waiting.finished, gone}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED
        )
        if waiting.finished.done():
            return _outputs(waiting)
        if gone.done():
            raise ClientGoneError
        raise Refused(504, f"No answer within {timeout:g} s. The server has too much to do.")
    finally:
        gone.cancel()


def _outputs(waiting: PredictRequest) -> list[ImageOutput | str]:
    waiting.finished.result()  # raises what the engine raised
    return [output for output in waiting.outputs if output is not None]


async def _disconnect(request: Request) -> None:
    """Ends when the client has gone."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _listed(body: bytes) -> list[bytes]:
    contents = images_of_list(body)
    reason = check_pixels(contents)
    if reason is not None:
        raise Refused(422, reason)
    return contents


def _html(page: pages.WebPage) -> HTMLResponse:
    return HTMLResponse(page.html, headers={"Content-Security-Policy": page.policy})
