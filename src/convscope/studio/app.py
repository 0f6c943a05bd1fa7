"""The routes: the page, its files, and the JSON interface of each view."""

from __future__ import annotations

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from convscope.errors import ConvscopeError
from convscope.shipping.server.pages import docs_page
from convscope.studio.run_images import EvaluatedImages
from convscope.studio.static_files import page, static_file
from convscope.studio.views import VIEWS
from convscope.version import __version__
from convscope.web.failures import Refused, answer_failures, json_response

EXAMPLE = 'curl -H "Authorization: Bearer TOKEN" http://127.0.0.1:8765/api/bench/choices'


def make_app(runs: Path) -> FastAPI:
    """The application, without the guard in front of it.

    Args:
        runs: The folder of runs; views find it as `request.app.state.runs`, a thread for torch as
            `request.app.state.torch_thread`, and, in that thread, the images that runs were
            evaluated on as `request.app.state.evaluated`.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        # One thread for all that uses torch: each further one would keep helpers of its own.
        with ThreadPoolExecutor(1, "torch") as thread:
            app.state.torch_thread = thread
            yield
            thread.shutdown(wait=False, cancel_futures=True)

    app = FastAPI(
        title="Convscope Studio",
        version=__version__,
        description="What the pages of Studio ask; programs may ask it as well.",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
    )
    app.state.runs = runs
    app.state.evaluated = EvaluatedImages(runs)
    for name, router in VIEWS.items():
        app.include_router(router, prefix=f"/api/{name}", tags=[name])

    @app.get("/api/hello", summary="Whether the token is right, and which Convscope answers")
    async def hello() -> dict[str, str]:
        return {"version": __version__}

    @app.get("/static/{path:path}", include_in_schema=False)
    async def file(path: str) -> Response:
        return static_file(path)

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        found = docs_page(app.openapi(), "Studio", EXAMPLE)
        return HTMLResponse(found.html, headers={"Content-Security-Policy": found.policy})

    @app.get("/", include_in_schema=False)
    @app.get("/{view}", include_in_schema=False)
    async def view_page(view: str = "bench") -> Response:
        if view not in VIEWS:
            raise Refused(404, f"There is no view of this name; there are: {', '.join(VIEWS)}.")
        return page()

    @app.exception_handler(ConvscopeError)
    async def impossible(_: Request, error: ConvscopeError) -> Response:
        return json_response({"error": str(error)}, 422)

    answer_failures(app, lambda path: "GET, POST" if path.startswith("/api/") else "GET")
    return app
