"""What reaches a terminal: names as text, and only our own codes as codes.

The name of a file or a class may hold what a terminal obeys: colours, titles, the clipboard, a
cleared screen. So whatever is written has its control characters spelled out. Colours and bars are
written by `look.terminal.Console` alone, past that.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # all but tabs and ends of lines


def spell_out(text: str) -> str:
    """A text in which control characters are spelled out, as `print(repr(…))` would."""
    return CONTROLS.sub(lambda found: repr(found[0])[1:-1], text)


def spell_out_what_is_written(stream: io.TextIOWrapper) -> None:
    """Let a stream spell out control characters, but for what rich writes to it."""
    unfiltered = Unfiltered(stream)
    write = unfiltered.write
    stream.write = lambda text: write(spell_out(text))  # type: ignore[method-assign]
    vars(stream)["rich_proxied_file"] = unfiltered  # where rich looks for what is behind


class Unfiltered:
    """A stream as it was before its texts were looked at."""

    def __init__(self, stream: io.TextIOWrapper) -> None:
        self._stream = stream
        self.write: Callable[[str], int] = stream.write

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
