"""Reading the body of a request: bounded, whatever its headers say, and never all of it in vain."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from starlette.requests import Request

from convscope.web.failures import ClientGoneError, Refused


class Bodies:
    """The bytes of all requests that are in the server.

    Args:
        most: Most bytes of one request.
        together: Most bytes of all.
        what: What a long request should hold less of, as in "Send smaller or fewer images."
    """

    def __init__(self, most: int, together: int, what: str) -> None:
        self._most = most
        self._together = together
        self._what = what
        self._held = 0

    @contextmanager
    def room(self) -> Iterator[list[int]]:
        """Within: a list to which the sizes of received parts are added with `take`."""
        taken: list[int] = []
        try:
            yield taken
        finally:
            self._held -= sum(taken)

    async def read(self, request: Request, taken: list[int]) -> bytes:
        """The whole body.

        Args:
            request: Nothing of its body has been read.
            taken: From `room`, which gives the bytes back.

        Raises:
            Refused: 413 if it is too long, 503 if the requests together are.
            ClientGoneError: The connection ended before the body did.
        """
        length = request.headers.get("content-length", "0")
        if len(length) > 18 or int(length) > self._most:  # the parser lets digits through only
            raise self._too_long()
        parts: list[bytes] = []
        size = 0
        more = True
        while more:
            message = await request.receive()
            if message["type"] == "http.disconnect":
                raise ClientGoneError
            part = message.get("body", b"")
            size += len(part)
            if size > self._most:
                raise self._too_long()
            if self._held + len(part) > self._together:
                reason = "The server holds as many large requests as it can. Try again."
                raise Refused(503, reason, {"Retry-After": "1"})
            self._held += len(part)
            taken.append(len(part))
            parts.append(part)
            more = message.get("more_body", False)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _too_long(self) -> Refused:
        return Refused(413, f"The request has more than {self._most >> 20} MiB. {self._what}")
