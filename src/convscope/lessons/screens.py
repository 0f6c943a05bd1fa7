"""Where a lesson shows things: a terminal, a notebook, or whatever collects them for a page."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from convscope.files import atomic_path
from convscope.look.language import pick


@dataclass(frozen=True)
class Shown:
    """Something that a lesson shows.

    Attributes:
        text: For a terminal; also what a reader hears who can't see the figure.
        html: The same for a page; "" where `text` is all there is.
        png: A figure as the bytes of a PNG file, or None.
        kind: "result", "claim", "check" or "markdown", where `text` is Markdown.
    """

    text: str = ""
    html: str = ""
    png: bytes | None = None
    kind: str = "result"


class Screen(Protocol):
    """What can show it."""

    def show(self, shown: Shown) -> None:
        """Show one thing, below what was shown before."""


class TerminalScreen:
    """Prints texts; writes figures to files and prints their paths.

    Args:
        folder: For the figures, which are numbered; made when the first is written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0

    def show(self, shown: Shown) -> None:
        """Print it."""
        if shown.text:
            print(shown.text)
        if shown.png is not None:
            self._count += 1
            self._folder.mkdir(parents=True, exist_ok=True)
            file = self._folder / f"{self._count:02d}.png"
            replaced = pick(" (replaced)", "（已替换）") if file.exists() else ""
            with atomic_path(file) as temporary:
                temporary.write_bytes(shown.png)
            print(f"{pick('figure: ', '图：')}{file}{replaced}")


class NotebookScreen:
    """Shows texts as HTML and figures as images, below the cell that runs."""

    def show(self, shown: Shown) -> None:
        """Display it."""
        from IPython.display import display

        if shown.text or shown.html:
            formats = {"text/plain": shown.text}
            if shown.html:
                formats["text/html"] = shown.html
            elif shown.kind == "markdown":
                formats["text/markdown"] = shown.text
            display(formats, raw=True)
        if shown.png is not None:
            display({"image/png": shown.png, "text/plain": shown.text or "figure"}, raw=True)


class CollectingScreen:
    """Keeps what is shown, for a page or a test.

    Attributes:
        shown: All of it, in order.
    """

    def __init__(self) -> None:
        self.shown: list[Shown] = []

    def show(self, shown: Shown) -> None:
        """Keep it."""
        self.shown.append(shown)


def usual_screen(figures: Path) -> Screen:
    """The notebook that this process is the kernel of, or the terminal.

    Args:
        figures: The folder for a terminal's figures.
    """
    return NotebookScreen() if is_notebook() else TerminalScreen(figures)


def is_notebook() -> bool:
    """Whether this process is the kernel of a notebook."""
    ipython: Any = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None
