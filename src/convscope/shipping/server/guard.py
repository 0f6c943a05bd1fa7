"""Who may ask for predictions: the checks of `web.guard` in front of every route.

Where the server has a token, `/predict`, `/model` and `/metrics` want it.
"""

from __future__ import annotations

import time

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from convscope.shipping.server.metrics import Metrics
from convscope.web.failures import Refused
from convscope.web.guard import (
    add_headers,
    check_bearer,
    check_host,
    check_origin,
    local_names,
    read_headers,
)

OPEN = {"/", "/docs", "/openapi.json", "/healthz", "/readyz"}
"""Paths that tell nothing about the model, and need no token."""
PATHS = {*OPEN, "/predict", "/model", "/metrics"}


def allowed_methods(path: str) -> str:
    """The header Allow for one of `PATHS`."""
    return "POST, OPTIONS" if path == "/predict" else "GET, HEAD, OPTIONS"


def as_routed(scope: Scope) -> Scope:
    """A request as the routes know it.

    `/predict/` is meant for `/predict`: a redirect would lose the body with many clients. HEAD is
    answered as GET; the server leaves the body away, which it decides by the scope it made.
    """
    path = scope["path"]
    shorter = path.removesuffix("/")
    method = "GET" if scope["method"] == "HEAD" else scope["method"]
    return {**scope, "path": shorter if shorter in PATHS else path, "method": method}


class Guard:
    """ASGI middleware around the whole application.

    Args:
        app: What is guarded.
        host: The address the server listens on.
        token: None lets everybody ask who reaches the server.
        metrics: Told of every request.
    """

    def __init__(self, app: ASGIApp, host: str, token: str | None, metrics: Metrics) -> None:
        self._app = app
        self._names = local_names(host)
        self._token = token
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check a request, then hand it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope = as_routed(scope)
        started = time.perf_counter()
        path = scope["path"] if scope["path"] in PATHS else "other"

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                add_headers(message)
                status = message["status"]
                self._metrics.request(path, status, time.perf_counter() - started)
            await send(message)

        try:
            self._check(scope)
        except Refused as refused:
            await refused.response()(scope, receive, send_with_headers)
            return
        if scope["method"] == "OPTIONS" and scope["path"] in PATHS:
            allow = {"Allow": allowed_methods(scope["path"])}
            await Response(status_code=204, headers=allow)(scope, receive, send_with_headers)
            return
        await self._app(scope, receive, send_with_headers)

    def _check(self, scope: Scope) -> None:
        headers = read_headers(scope)
        check_host(headers, self._names)
        if scope["method"] != "GET":
            check_origin(headers)
        if self._token is not None and scope["path"] not in OPEN:
            check_bearer(headers, self._token)
