"""Who may ask Studio: the checks of `web.guard`, and the token as a cookie.

Images and runs are private, and a server on this machine can be reached by everybody who has an
account on it: so reading needs the token as well. It stands in the address that the terminal shows,
and is swapped at once for a cookie that no script can read and that no other site's page sends.
The page itself, its scripts and its words are open: they are the same for everybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from convscope.studio.refusals import refuse
from convscope.web.bodies import Bodies
from convscope.web.failures import ClientGoneError, Refused
from convscope.web.guard import (
    add_headers,
    check_host,
    check_origin,
    has_bearer,
    is_token,
    local_names,
    read_headers,
)

BODY_BYTES = 20 << 20
"""Most bytes of one request."""
PRIVATE = ("/api/", "/docs", "/openapi.json")
"""Beginnings of the paths that need the token."""


class StudioGuard:
    """ASGI middleware around the whole application.

    Args:
        app: What is guarded.
        host: The address the server listens on.
        port: Its port; browsers send cookies to all ports of a machine, so its name has it.
        token: The secret.
    """

    def __init__(self, app: ASGIApp, host: str, port: int, token: str) -> None:
        self._app = app
        self._names = local_names(host)
        self._cookie = f"convscope-studio-{port}"
        self._token = token
        self._bodies = Bodies(BODY_BYTES, 8 * BODY_BYTES, "Send a smaller image.")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check a request, then hand it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                add_headers(message)
            await send(message)

        with self._bodies.room() as taken:
            try:
                answer = self._check(scope)
                if answer is None and scope["method"] == "POST":
                    body = await self._bodies.read(Request(scope, receive), taken)
                    receive = replay(body, receive)
            except Refused as refused:
                answer = refused.response()
            except ClientGoneError:
                return
            await (answer or self._app)(scope, receive, send_with_headers)

    def _check(self, scope: Scope) -> Response | None:
        """What to answer in the application's place; None: nothing."""
        headers = read_headers(scope)
        check_host(headers, self._names)
        private = scope["path"].startswith(PRIVATE)
        if private or scope["method"] not in ("GET", "HEAD"):
            check_origin(headers)
        if private:
            if not self._is_known(headers):
                raise Refused(
                    401,
                    "Open the address that `convscope studio` shows in the terminal: it holds the "
                    "token of this studio.",
                    details={"key": "refused.token", "values": {}},
                )
            if scope["method"] == "POST":
                check_type(headers)
            return None
        return self._swap(scope)

    def _is_known(self, headers: Mapping[bytes, str]) -> bool:
        try:
            cookie = SimpleCookie(headers.get(b"cookie", "")).get(self._cookie)
        except CookieError:
            cookie = None
        by_cookie = cookie is not None and is_token(cookie.value, self._token)
        return by_cookie or has_bearer(headers, self._token)

    def _swap(self, scope: Scope) -> Response | None:
        """The same address without the token, with a cookie in its place."""
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        given = [value for name, value in query if name == "token"]
        if not given:
            return None
        rest = urlencode([pair for pair in query if pair[0] != "token"])
        # A path of two slashes would lead to another machine.
        path = "/" + scope["path"].lstrip("/\\")
        answer = RedirectResponse(path + (f"?{rest}" if rest else ""), 303)
        if is_token(given[-1], self._token):
            answer.set_cookie(self._cookie, self._token, httponly=True, samesite="strict", path="/")
        return answer


def check_type(headers: Mapping[bytes, str]) -> None:
    """Refuse what a form of any site could send.

    Raises:
        Refused: 415, the body is neither JSON nor an image.
    """
    kind = headers.get(b"content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and not kind.startswith("image/"):
        raise refuse("refused.kind", status=415, kind=kind[:80] or "?")


def replay(body: bytes, receive: Receive) -> Receive:
    """What the application receives after the guard has read the body."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return messages.pop() if messages else await receive()

    return again
