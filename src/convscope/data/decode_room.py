"""Memory for decoding large images, shared by everything in this process that decodes.

A file of a hundred kilobytes may hold fifty million pixels, and as many threads decode as there are
processors. So each large image asks for room before its pixels are made, by what its header
promises; small ones, which are most, ask nobody.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image

BUDGET = 512 << 20
"""Bytes that large images may take while they are decoded; one that needs more is decoded alone."""
SMALL_PIXELS = 1 << 20
"""Up to these, an image is small."""

_processes = 1  # that share the budget
_changed = threading.Condition()
_held = 0
_turn = 0
_next_turn = 0


def share_room(processes: int) -> None:
    """Let this process have its part only: as many others decode as well."""
    global _processes
    _processes = processes


@contextmanager
def room_to_decode(pixels: int, bytes_per_pixel: int) -> Iterator[None]:
    """Within: there is memory to decode an image. Waits for it, in the order of asking.

    Args:
        pixels: As many as are decoded.
        bytes_per_pixel: Most that decoding takes of them at once.
    """
    global _held, _turn, _next_turn
    if pixels <= SMALL_PIXELS:
        yield
        return
    need = bytes_per_pixel * pixels
    with _changed:
        mine = _next_turn
        _next_turn += 1
        _changed.wait_for(
            lambda: mine == _turn and (_held == 0 or _held + need <= BUDGET // _processes)
        )
        _turn += 1
        _held += need
        _changed.notify_all()
    try:
        yield
    finally:
        with _changed:
            _held -= need
            _changed.notify_all()


def strips(image: Image.Image) -> Iterator[tuple[int, Image.Image]]:
    """An image in parts, with their first rows: what is computed of each is soon forgotten."""
    rows = max(1, SMALL_PIXELS // image.width)
    for top in range(0, image.height, rows):
        yield top, image.crop((0, top, image.width, min(top + rows, image.height)))
