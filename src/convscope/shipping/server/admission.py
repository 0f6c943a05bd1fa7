"""Who is let in: decided by the headers of a request, before its body is read and routed."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Receive, Scope, Send

from convscope.shipping.server.limits import ACCEPT_SECONDS
from convscope.shipping.server.places import NoRoomError, Places, Reservation
from convscope.shipping.server.requests import PredictRequest
from convscope.web.failures import Refused

STOPPING = "The server is stopping."


@dataclass
class Condition:
    """What the server is doing.

    Attributes:
        in_work: Predictions that were requested and not answered yet.
        leaving: When it was told to stop (`time.monotonic`), or None.
        waiting: Those that are there as a whole, and wait for the engine.
        workers: Says how many processes answer.
    """

    in_work: int = 0
    leaving: float | None = None
    waiting: set[PredictRequest] = field(default_factory=set)
    workers: Callable[[], int] = lambda: 1

    @property
    def accepts(self) -> bool:
        """Whether new work is taken: also what was on its way when the server was told."""
        return self.leaving is None or time.monotonic() - self.leaving < ACCEPT_SECONDS

    def give_up(self) -> None:
        """Answer those that wait, without having computed anything."""
        for request in self.waiting:
            request.fail(stopping())


def stopping() -> Refused:
    """What a request is told that comes too late."""
    headers = {"Retry-After": "5", "Connection": "close"}
    return Refused(503, STOPPING, headers)


def no_room(places: Places, throughput: float) -> Refused:
    """What a request is told that waited in line in vain.

    Args:
        places: All are taken.
        throughput: Images per second, by which is said when to ask again.
    """
    seconds = min(60, max(1, math.ceil(places.taken / throughput)))
    reason = "The server has as much to do as it accepts. Try again."
    return Refused(503, reason, {"Retry-After": str(seconds)})


class Admission:
    """ASGI middleware in front of the routes: counts predictions, and gives each its `Reservation`.

    Args:
        app: The routes; they find the place as `request.state.place`.
        places: Shared by all requests.
        throughput: Images per second.
        condition: Shared with whoever stops the server.
    """

    def __init__(
        self, app: ASGIApp, places: Places, throughput: float, condition: Condition
    ) -> None:
        self._app = app
        self._places = places
        self._throughput = throughput
        self._condition = condition

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or say why not."""
        if scope["type"] != "http" or (scope["method"], scope["path"]) != ("POST", "/predict"):
            await self._app(scope, receive, send)
            return
        if not self._condition.accepts:
            await stopping().response()(scope, receive, send)
            return
        place = Reservation(self._places)
        scope["state"]["place"] = place
        self._condition.in_work += 1
        try:
            await place.enter()
            await self._app(scope, receive, send)
        except NoRoomError:
            await no_room(self._places, self._throughput).response()(scope, receive, send)
        finally:
            place.leave()
            self._condition.in_work -= 1
