"""Who may ask: checks in front of every route, and the headers behind every answer.

* **Host**: a server on this machine answers to the names of this machine only. A page of somebody
  else could otherwise let its own name point here, and the browser would take the two for one site
  (DNS rebinding).
* **Origin**: a browser says where a request comes from; posts from other sites are refused. No
  answer ever carries a CORS header, so other sites can't read any.
* **Token**: where the server has one, `/predict`, `/model` and `/metrics` want it.
"""

from __future__ import annotations

import hmac
import ipaddress
import re
import time
from collections.abc import Mapping

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from convscope.errors import UsageError
from convscope.shipping.server.failures import Refused
from convscope.shipping.server.limits import TOKEN_LENGTH
from convscope.shipping.server.metrics import Metrics

OPEN = {"/", "/docs", "/openapi.json", "/healthz", "/readyz"}
"""Paths that tell nothing about the model, and need no token."""
PATHS = {*OPEN, "/predict", "/model", "/metrics"}
LOCAL_NAMES = {"localhost", "127.0.0.1", "[::1]"}

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


def is_loopback(host: str) -> bool:
    """Whether an address can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_token(host: str, token: str | None) -> None:
    """Refuse to serve the world without a token.

    Raises:
        UsageError: There is none, or it can be guessed.
    """
    if token is None:
        if is_loopback(host):
            return
        raise UsageError(
            f"--host {host} lets others reach the server, so it needs a token: set "
            "CONVSCOPE_TOKEN (or --token) to a secret of at least "
            f"{TOKEN_LENGTH} characters. Or leave --host out, to serve this machine only."
        )
    if len(token) < TOKEN_LENGTH or not re.fullmatch(r"[\x21-\x7e]+", token):
        raise UsageError(
            f"The token needs at least {TOKEN_LENGTH} characters, of ASCII letters, digits and "
            'signs. Make one: python -c "import secrets; print(secrets.token_urlsafe())"'
        )


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
        self._names = LOCAL_NAMES if is_loopback(host) else None
        self._token = None if token is None else token.encode()
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
                present = {name.lower() for name, _ in message["headers"]}
                message["headers"] += [
                    (name, value) for name, value in _HEADERS if name not in present
                ]
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
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        host = headers.get(b"host", "")
        if self._names is not None and _name(host) not in self._names:
            raise Refused(
                403, f"This server answers as localhost or 127.0.0.1, not as {host[:80]!r}."
            )
        if scope["method"] != "GET" and _is_from_elsewhere(headers, host):
            raise Refused(403, "Requests from pages of other sites are not accepted.")
        if self._token is not None and scope["path"] not in OPEN:
            kind, _, given = headers.get(b"authorization", "").partition(" ")
            same = hmac.compare_digest(given.strip().encode(), self._token)
            if kind.lower() != "bearer" or not same:
                raise Refused(
                    401,
                    "This server needs its token: send the header Authorization: Bearer TOKEN.",
                    {"WWW-Authenticate": "Bearer"},
                )


_HEADERS = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]


def _name(host: str) -> str:
    """A Host header without its port."""
    return re.sub(r":\d*$", "", host.strip().lower())


def _is_from_elsewhere(headers: Mapping[bytes, str], host: str) -> bool:
    """Whether a browser sent this for a page of another origin; programs say neither header."""
    if headers.get(b"sec-fetch-site", "none") not in ("none", "same-origin"):
        return True
    origin = headers.get(b"origin")
    if origin is None:
        return False
    scheme, _, place = origin.lower().partition("://")
    return scheme not in ("http", "https") or place != host.strip().lower()
