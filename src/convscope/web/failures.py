"""Answers that say why there is none: a status, one clear line, nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response


class Refused(Exception):  # noqa: N818 - a request is refused; nothing went wrong in the server
    """A request that gets no prediction.

    Attributes:
        status: The status of the HTTP response.
        reason: For people, one line.
        headers: Added to the response.
        details: Added to its JSON, for a page that says the reason in other words.
    """

    def __init__(
        self,
        status: int,
        reason: str,
        headers: Mapping[str, str] | None = None,
        details: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.headers = dict(headers or {})
        self.details = dict(details or {})

    def response(self) -> Response:
        """The answer, `{"error": reason}`."""
        return json_response({"error": self.reason, **self.details}, self.status, self.headers)


class ClientGoneError(Exception):
    """Nobody is there to answer."""


def json_response(
    content: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Plain data as a response; numbers that aren't finite would be an error of ours."""
    text = json.dumps(content, ensure_ascii=False, allow_nan=False)
    return Response(text.encode("utf-8", "backslashreplace"), status, headers, "application/json")


def answer_failures(app: FastAPI, allowed_methods: Callable[[str], str]) -> None:
    """Give every failure of an application the same shape.

    Args:
        app: The application.
        allowed_methods: The header Allow for a path, where another method was tried.
    """

    @app.exception_handler(Refused)
    async def refused(_: Request, error: Refused) -> Response:
        return error.response()

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        reason = f"{error.detail}. See /docs for what there is."
        headers = error.headers
        if error.status_code == 405:
            headers = {"Allow": allowed_methods(request.scope["path"])}
        return json_response({"error": reason}, error.status_code, headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:])
        return json_response({"error": f"{where}: {first['msg']}."}, 422)

    @app.exception_handler(Exception)
    async def unexpected(_: Request, error: Exception) -> Response:
        return json_response({"error": "The server failed; its log says why."}, 500)
