"""A progress bar on standard error, for what turns out to take long."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from convscope.look.terminal import Console

PATIENCE = 2.0
"""Seconds before a bar appears: what ends sooner is not worth one."""


@contextmanager
def progress(
    task: str,
    total: int,
    unit: Literal["images", "bytes"] = "images",
    *,
    quiet: bool = False,
) -> Iterator[Callable[[int], None]]:
    """Show how far a task is, once it has taken `PATIENCE` seconds, if a person can see it.

    Args:
        task: What is being done, as in "Decoding pets".
        total: How many steps there are.
        unit: What a step is.
        quiet: Show nothing.

    Yields:
        A function to call with the number of steps just done.
    """
    console = Console(stderr=True, quiet=quiet)
    done: ProgressColumn = DownloadColumn() if unit == "bytes" else MofNCompleteColumn()
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        done,
        TimeRemainingColumn(),
    )
    bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    number = bar.add_task(task, total=total)
    began = time.monotonic()

    def advance(steps: int) -> None:
        bar.advance(number, steps)
        if not bar.live.is_started and time.monotonic() - began > PATIENCE:
            bar.start()

    try:
        yield advance
    finally:
        if bar.live.is_started:
            bar.stop()
