"""Opening Studio: a server on this machine, and a browser that shows it."""

from __future__ import annotations

import os
import secrets
import socket
import sys
import webbrowser
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import uvicorn
from fastapi import FastAPI

from convscope.errors import UsageError
from convscope.studio.app import make_app
from convscope.studio.guard import StudioGuard
from convscope.web.connection import Connection
from convscope.web.guard import is_loopback
from convscope.web.limits import BACKLOG, IDLE_SECONDS
from convscope.web.listening import listening, shown_address


class PatientConnection(Connection):
    """A connection on which an answer may go on for a day, as that of a running training does."""

    answer_seconds = 86400.0


GRACE_SECONDS = 8
"""For what is in flight when the end is asked for; what stops a service usually waits for ten."""


def serve_studio(
    runs: str | Path = "runs",
    *,
    host: str = "127.0.0.1",
    port: int = 8765,
    open_browser: bool = True,
    say: Callable[[str], None] = print,
) -> None:
    """Show Studio until SIGTERM or SIGINT comes.

    Args:
        runs: The folder of runs; it may be missing as long as there are none.
        host: The address to listen on.
        port: 0 takes a free one.
        open_browser: Whether to open the page, where this machine has a screen.
        say: Is told where the page is.

    Raises:
        UsageError: `runs` is a file, or the address can't be had.
    """
    folder = Path(runs)
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{str(folder)!r} is a file; give the folder that your runs are in.")
    token = secrets.token_urlsafe()
    with listening(host, port) as door:
        address = shown_address(host, door)
        server = make_server(folder, host, door.getsockname()[1], token)
        door.listen(BACKLOG)
        say(f"Studio: {address}/?token={token}")
        if not is_loopback(host):
            say(
                "Others on the network can reach it, and read what is sent: use it in a class only."
            )
        say("The address holds a secret: who has it can see your runs. Ctrl-C stops.")
        if open_browser and is_loopback(host) and has_screen():
            webbrowser.open(f"{address}/?token={token}")
        server.run([door])


class StudioServer(uvicorn.Server):
    """uvicorn, for which a signal is the usual end and no failure.

    Args:
        config: As for uvicorn.
        app: The application; its `state.ending` says that the server is about to end.
    """

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self.app = app
        app.state.ending = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal came: the first ends what is in work, the second everything at once."""
        if self.should_exit:
            os._exit(1)  # a kernel of torch may be running, and nothing needs tidying up
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End; answers that go on for as long as somebody listens end by themselves before."""
        self.app.state.ending = True
        await super().shutdown(sockets)


def make_server(runs: Path, host: str, port: int, token: str) -> StudioServer:
    """The server, ready to run on a socket.

    Args:
        runs: The folder of runs.
        host: The address it will listen on.
        port: Its port.
        token: Its secret.
    """
    app = make_app(runs)
    config = uvicorn.Config(
        StudioGuard(app, host, port, token),
        http=PatientConnection,
        ws="none",
        log_level="error",
        access_log=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=int(IDLE_SECONDS),
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    return StudioServer(config, app)


def has_screen() -> bool:
    """Whether a browser would get a window, and not take the terminal."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
