"""A socket for a server, or in words why there is none."""

from __future__ import annotations

import os
import socket

from convscope.errors import UsageError
from convscope.web.limits import BACKLOG


class Door(socket.socket):
    """A socket that is listened at by several servers, none of which shortens the line at it."""

    def listen(self, backlog: int = BACKLOG, /) -> None:
        """Let connections wait, as many as for a server that is alone."""
        super().listen(max(backlog, BACKLOG))


def listening(host: str, port: int) -> Door:
    """A socket at the address, which doesn't take connections yet.

    Raises:
        UsageError: The address can't be had.
    """
    if not 0 <= port <= 65535:
        raise UsageError(f"--port must be from 0 to 65535; given {port}.")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError:
        raise UsageError(f"--host {host!r} isn't an address of this machine.") from None
    door = Door(family, kind, protocol)
    try:
        if os.name == "posix":  # elsewhere, it would let two servers share a port
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind(address)
    except OSError as error:
        door.close()
        raise UsageError(
            f"Port {port} of {host} can't be had: {(error.strerror or str(error)).lower()}. "
            "Give another one with --port; 0 takes a free one."
        ) from None
    return door


def shown_address(host: str, door: socket.socket) -> str:
    """The address of a server as a browser takes it, "http://127.0.0.1:8000"."""
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{door.getsockname()[1]}"
