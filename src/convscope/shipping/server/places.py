"""Room for images in the server, and the line of those who wait for it.

A refusal that comes at once is asked again at once, and costs nearly as much as an answer: with
ten times the clients a server would mostly refuse. So whoever finds no room waits in line, before
anything of the request has been read. Waiting costs a timer; who leaves the line refused has been
in it for a while, so refusals are rare however eager the clients are.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

LINE_SECONDS = 1.0
"""Longest wait for room."""
KEPT_SECONDS = 0.25
"""How long room is kept for a request whose body has not come."""


class NoRoomError(Exception):
    """The server has as much to do as it accepts."""


@dataclass(eq=False)
class _Waiting:
    ticket: int
    images: int
    is_granted: asyncio.Future[bool]


class Places:
    """The images that may be in the server: being decoded, waiting or computed.

    Args:
        most: Images. A request with more than all places is let in alone.
        on_change: Told how many are taken.
        expect: Told how many images were let in from the line, and, as negative numbers, how many
            of those have come since, or won't.
    """

    def __init__(
        self,
        most: int,
        on_change: Callable[[int], None] = lambda taken: None,
        expect: Callable[[int], None] = lambda images: None,
    ) -> None:
        self._most = most
        self._on_change = on_change
        self.expect = expect
        self._line: deque[_Waiting] = deque()
        self._tickets = itertools.count()
        self.taken = 0

    def ticket(self) -> int:
        """A number that says who came first."""
        return next(self._tickets)

    async def take(self, images: int, ticket: int) -> bool:
        """Take places, in one's turn; whether one had to wait for them.

        Args:
            images: How many.
            ticket: Lower ones come first, also where they come again.

        Raises:
            NoRoomError: They didn't become free in time.
        """
        is_next = not self._line or ticket < self._line[0].ticket
        if is_next and self._has_room(images):
            self._change(images)
            return False
        loop = asyncio.get_running_loop()
        me = _Waiting(ticket, images, loop.create_future())
        place = len(self._line)
        while place and self._line[place - 1].ticket > ticket:
            place -= 1
        self._line.insert(place, me)
        clock = loop.call_later(LINE_SECONDS, self._leave_line, me)
        try:
            if not await me.is_granted:
                raise NoRoomError
            return True
        finally:
            clock.cancel()

    def give_back(self, images: int) -> None:
        """Places become free; the next in line take them."""
        self._change(-images)
        self._let_in()

    def _let_in(self) -> None:
        while self._line and self._has_room(self._line[0].images):
            first = self._line.popleft()
            if not first.is_granted.done():  # else it was cancelled
                self._change(first.images)
                self.expect(first.images)
                first.is_granted.set_result(True)

    def _leave_line(self, waiting: _Waiting) -> None:
        if waiting.is_granted.done():
            return  # let in, in this very moment
        waiting.is_granted.set_result(False)
        self._line.remove(waiting)
        self._let_in()  # it may have been the one that needed more than the others

    def _has_room(self, images: int) -> bool:
        return self.taken == 0 or self.taken + images <= self._most

    def _change(self, by: int) -> None:
        self.taken += by
        self._on_change(self.taken)


class Reservation:
    """What one request has of the places."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._ticket = places.ticket()
        self._images = 0
        self._expected = 0
        self._clock: asyncio.TimerHandle | None = None

    async def enter(self) -> None:
        """Take the place of one image, for a moment: the body should come now.

        Somebody who sends slowly keeps nobody out, and is before those who came later when all is
        there; so is a list, which then needs more places.

        Raises:
            NoRoomError: No place became free in time.
        """
        await self._take(1)
        loop = asyncio.get_running_loop()
        self._clock = loop.call_later(KEPT_SECONDS, self.leave)

    async def settle(self, images: int) -> None:
        """The body is there: take what it needs, until `leave`.

        Raises:
            NoRoomError: No places became free in time.
        """
        if self._clock is not None:
            self._clock.cancel()
        if images > self._images:
            # All at once: two requests that each hold a part would wait for one another.
            self.leave()
            await self._take(images)

    def submitted(self) -> None:
        """Nothing more is expected: the images are on their way, or won't come."""
        if self._expected:
            self._places.expect(-self._expected)
            self._expected = 0

    async def _take(self, images: int) -> None:
        waited = await self._places.take(images, self._ticket)
        self._images = images
        self._expected = images if waited else 0

    def leave(self) -> None:
        """Give back what was taken; a second time does nothing."""
        if self._clock is not None:
            self._clock.cancel()
        self.submitted()
        images, self._images = self._images, 0
        if images:
            self._places.give_back(images)
