"""Connections that don't keep up: too slow, too idle, too many.

uvicorn limits how long a connection may idle between two requests, but not how long a request may
take to arrive, and beyond a number of connections it refuses all, also those who have something to
ask. So each connection has a clock here, and a full house sends away those who wait the longest
without having asked anything. Where all have asked, newcomers are let wait before they are told.
"""

from __future__ import annotations

import asyncio
import json
import math
import time
from typing import Any, Literal

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from convscope.web.limits import (
    CONNECTIONS,
    IDLE_SECONDS,
    REFUSED_CONNECTIONS,
    REFUSED_SECONDS,
    UPLOAD_SECONDS,
)

Phase = Literal["idle", "receiving", "answering", "refused"]


class Connection(H11Protocol):
    """uvicorn's connection, with a clock.

    Attributes:
        since: When the present phase began.
        phase: "idle" without a request, "receiving" until the whole request is there, then
            "answering". "refused" is a connection too many.
        heard: When bytes came last.
    """

    answer_seconds = 60.0
    """Longest time for an answer and its reader; the application says 504 sooner."""
    processes = 1
    """That share the connections which are served."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.since = self.heard = time.monotonic()
        self.phase: Phase = "idle"
        self._clock: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client came; make room for it if the house is full."""
        super().connection_made(transport)
        self._start_clock("idle")
        most = math.ceil(CONNECTIONS / self.processes)
        if len(self.connections) > most + REFUSED_CONNECTIONS:
            self.transport.abort()
        elif len(self.connections) > most and not self._make_room():
            self.flow.pause_reading()
            self._start_clock("refused")

    def connection_lost(self, exc: Exception | None) -> None:
        """The client went."""
        self._stop_clock()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        self.heard = time.monotonic()
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        """An answer was sent."""
        super().on_response_complete()
        self._look()

    def stop_unsent(self, seconds: float, reason: str) -> None:
        """Refuse a request that isn't there as a whole, and of which nothing has come lately.

        Args:
            seconds: What is long enough. Time in which nothing was taken in doesn't count.
            reason: What the client is told, with 503.
        """
        unsent = self.phase == "receiving" and not self.transport.is_closing()
        takes_in = not self.flow.read_paused
        if unsent and takes_in and time.monotonic() - self.heard >= seconds:
            self._refuse(503, reason)

    def _look(self) -> None:
        """Start the clock anew where another phase has begun."""
        if self.transport.is_closing():
            return
        if self.conn.their_state is h11.IDLE:
            begun = bool(self.conn.trailing_data[0])
            phase: Phase = "receiving" if begun else "idle"
        else:
            phase = "receiving" if self.conn.their_state is h11.SEND_BODY else "answering"
        if phase != self.phase:
            self._start_clock(phase)

    def _start_clock(self, phase: Phase) -> None:
        self._stop_clock()
        self.phase = phase
        self.since = time.monotonic()
        seconds = {
            "idle": IDLE_SECONDS,
            "receiving": UPLOAD_SECONDS,
            "answering": self.answer_seconds,
            "refused": REFUSED_SECONDS,
        }
        self._clock = self.loop.call_later(seconds[phase], self._expire)

    def _stop_clock(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None

    def _expire(self) -> None:
        if self.phase == "receiving":
            self._refuse(408, f"The request took longer than {UPLOAD_SECONDS:g} s to arrive.")
        elif self.phase == "refused":
            self._refuse(503, "Too many connections. Try again.")
        else:
            self.transport.abort()

    def _make_room(self) -> bool:
        """Close the connection that has waited the longest without a whole request, if any."""
        others = [
            other
            for other in self.connections
            if isinstance(other, Connection)
            and other is not self
            and other.phase in ("idle", "receiving")
            and not other.transport.is_closing()
        ]
        if not others:
            return False
        min(others, key=lambda other: (other.phase != "idle", other.since)).transport.abort()
        return True

    def _refuse(self, status: int, reason: str) -> None:
        """Say why, if nothing has been said yet, and close."""
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            body = json.dumps({"error": reason}).encode()
            headers = [
                ("Content-Type", "application/json"),
                ("Content-Length", str(len(body))),
                ("Connection", "close"),
                *([("Retry-After", "1")] if status == 503 else []),
            ]
            for event in (
                h11.Response(status_code=status, headers=headers),
                h11.Data(data=body),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
        if self.cycle is not None:  # the application must not answer any more
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.close()
