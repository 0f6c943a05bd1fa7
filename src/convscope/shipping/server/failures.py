"""Answers that say why there is none: a status, one clear line, nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping

from starlette.responses import Response


class Refused(Exception):  # noqa: N818 - a request is refused; nothing went wrong in the server
    """A request that gets no prediction.

    Attributes:
        status: The status of the HTTP response.
        reason: For people, one line.
        headers: Added to the response.
    """

    def __init__(self, status: int, reason: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.headers = dict(headers or {})

    def response(self) -> Response:
        """The answer, `{"error": reason}`."""
        return json_response({"error": self.reason}, self.status, self.headers)


class ClientGoneError(Exception):
    """Nobody is there to answer."""


def json_response(
    content: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Plain data as a response; numbers that aren't finite would be an error of ours."""
    text = json.dumps(content, ensure_ascii=False, allow_nan=False)
    return Response(text.encode("utf-8", "backslashreplace"), status, headers, "application/json")
