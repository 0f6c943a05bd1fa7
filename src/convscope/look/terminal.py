"""rich's console for names of strangers: it spells out what steers the terminal in them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO

import rich.console
from rich.console import ConsoleOptions, RenderableType
from rich.segment import Segment

from convscope.look.control_codes import CONTROLS, spell_out


class Console(rich.console.Console):
    """rich's console, in which only styles make codes."""

    @property
    def file(self) -> IO[str]:
        """Where it writes to."""
        file = super().file
        # While a bar is shown, rich stands in for the stream as well.
        return getattr(file, "rich_proxied_file", file)

    @file.setter
    def file(self, new: IO[str]) -> None:
        self._file = new

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Texts with their styles; what steers the terminal in them is spelled out."""
        for segment in super().render(renderable, options):
            text, style, control = segment
            if control or not CONTROLS.search(text):
                yield segment
            else:
                yield Segment(spell_out(text), style)
