"""The HTTP server itself, and how it stops without losing anything."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from concurrent.futures import Executor
from types import FrameType

import uvicorn

from convscope.runs.model_file import ModelCard
from convscope.shipping.server.admission import STOPPING, Condition
from convscope.shipping.server.app import make_app
from convscope.shipping.server.choice import Choice
from convscope.shipping.server.guard import Guard
from convscope.shipping.server.limits import DRAIN_SECONDS, UNSENT_SECONDS, Settings
from convscope.shipping.server.metrics import Metrics
from convscope.web.connection import Connection
from convscope.web.limits import BACKLOG, IDLE_SECONDS


def make_server(
    computing: Executor,
    chosen: Choice,
    card: ModelCard,
    metrics: Metrics,
    *,
    host: str,
    token: str | None,
    settings: Settings,
    workers: Callable[[], int] = lambda: 1,
    on_ready: Callable[[], None] = lambda: None,
) -> Server:
    """The server, ready to run on a socket.

    Args:
        computing: The executor of one thread that computes.
        chosen: Computes the predictions.
        card: The model's card.
        metrics: Counts.
        host: The address it will listen on.
        token: None for a server that this machine alone can reach.
        settings: Limits.
        workers: Says how many processes answer.
        on_ready: Called when requests are answered.
    """
    condition = Condition(workers=workers)

    class Limited(Connection):
        answer_seconds = settings.timeout + 10
        processes = settings.workers

    app = make_app(computing, chosen, card, settings, metrics, condition)
    config = uvicorn.Config(
        Guard(app, host, token, metrics),
        http=Limited,
        ws="none",
        log_level="error",
        access_log=False,
        server_header=False,
        # Of those who wait, each of several processes takes one at a time, for a fair share.
        backlog=BACKLOG if settings.workers == 1 else 1,
        timeout_keep_alive=int(IDLE_SECONDS),
        timeout_graceful_shutdown=1,
    )
    return Server(config, condition, on_ready)


class Server(uvicorn.Server):
    """uvicorn, which first lets what is in work be answered."""

    def __init__(
        self, config: uvicorn.Config, condition: Condition, on_ready: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._on_ready = on_ready
        self.condition = condition
        self.answered_all = True

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal came: the first begins to drain, the second ends everything."""
        if self.condition.leaving is not None:
            os._exit(1)  # nothing of a server needs tidying up, and a kernel may be running
        self.condition.leaving = time.monotonic()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept connections."""
        await super().startup(sockets)
        self._on_ready()

    async def on_tick(self, counter: int) -> bool:
        """Called ten times a second; whether to end."""
        if self.condition.leaving is not None:
            self._drain(time.monotonic() - self.condition.leaving)
        return await super().on_tick(counter)

    def _drain(self, seconds: float) -> None:
        """See whether everything is answered, some seconds after the server was told to stop."""
        is_late = seconds > DRAIN_SECONDS
        if is_late:
            self.answered_all = self.condition.in_work == 0
            self.condition.give_up()
        if not self.condition.accepts:
            for connection in list(self.server_state.connections):
                if isinstance(connection, Connection):
                    connection.stop_unsent(0.0 if is_late else UNSENT_SECONDS, STOPPING)
        self.should_exit |= is_late or (self.condition.in_work == 0 and not self.condition.accepts)
