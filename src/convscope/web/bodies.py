"""Reading the body of a request: bounded, whatever its headers say, and never all of it in vain.

Where all bodies together are too much, those that came later aren't read on until there is room:
the client finds that it can't send faster. The one that came first is always read to its end, else
many halves could wait for one another.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.requests import Request

from convscope.web.failures import ClientGoneError, Refused
from convscope.web.limits import BODIES_SECONDS


class Bodies:
    """The bytes of all requests that are in the server.

    Args:
        most: Most bytes of one request.
        together: Most bytes of all; the body that came first may go beyond.
        what: What a long request should hold less of, as in "Send smaller or fewer images."
    """

    def __init__(self, most: int, together: int, what: str) -> None:
        self._most = most
        self._together = together
        self._what = what
        self._held = 0
        self._reading: dict[int, None] = {}
        self._room: list[asyncio.Future[None]] = []

    @contextmanager
    def room(self) -> Iterator[list[int]]:
        """Within: a list to which the sizes of received parts are added with `take`."""
        taken: list[int] = []
        try:
            yield taken
        finally:
            self._held -= sum(taken)
            self._look_again()

    async def read(self, request: Request, taken: list[int]) -> bytes:
        """The whole body.

        Args:
            request: Nothing of its body has been read.
            taken: From `room`, which gives the bytes back.

        Raises:
            Refused: 413 if it is too long, 503 if the requests together are, for long.
            ClientGoneError: The connection ended before the body did.
        """
        length = request.headers.get("content-length", "0")
        if len(length) > 18 or int(length) > self._most:  # the parser lets digits through only
            raise self._too_long()
        self._reading[id(taken)] = None
        try:
            return await self._parts(request, taken)
        finally:
            del self._reading[id(taken)]
            self._look_again()

    async def _parts(self, request: Request, taken: list[int]) -> bytes:
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
            await self._wait_for_room(len(part), taken)
            self._held += len(part)
            taken.append(len(part))
            parts.append(part)
            more = message.get("more_body", False)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    async def _wait_for_room(self, size: int, taken: list[int]) -> None:
        deadline = time.monotonic() + BODIES_SECONDS
        while self._held + size > self._together and next(iter(self._reading)) != id(taken):
            left = deadline - time.monotonic()
            if left <= 0:
                reason = "The server holds as many large requests as it can. Try again."
                raise Refused(503, reason, {"Retry-After": "1"})
            changed = asyncio.get_running_loop().create_future()
            self._room.append(changed)
            await asyncio.wait({changed}, timeout=left)

    def _look_again(self) -> None:
        """Let those that wait for room see whether there is some."""
        waiting, self._room = self._room, []
        for changed in waiting:
            if not changed.done():
                changed.set_result(None)

    def _too_long(self) -> Refused:
        return Refused(413, f"The request has more than {self._most >> 20} MiB. {self._what}")
