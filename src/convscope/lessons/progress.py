"""What a learner has done: a journal of events, to which lines are only ever added.

Two notebooks that write at once, a kernel that dies and a disk that is full can't take anything
away that was there; a line that was cut off is left out, and the rest still counts.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from convscope.files import read_bytes
from convscope.folders import user_data_folder

_unwritten: dict[Path, list[str]] = {}  # by journal: what it couldn't take


@dataclass
class LearnerProgress:
    """What the journal says.

    Attributes:
        language: The one that was chosen last; None if none was.
        ended: Numbers of the lessons that ran to their end.
        solved: Ids of exercises that were solved, as "7.1".
        failed: How often each exercise's answer was wrong since it was last solved, by id.
        copies: The learner's own copy of each lesson, by number.
    """

    language: str | None = None
    ended: set[int] = field(default_factory=set)
    solved: set[str] = field(default_factory=set)
    failed: dict[str, int] = field(default_factory=dict)
    copies: dict[int, Path] = field(default_factory=dict)


def journal_file() -> Path:
    """Where the journal is."""
    return user_data_folder() / "lessons.jsonl"


def record(event: str, **details: object) -> None:
    """Add an event. Where nothing can be written, it counts until this process ends.

    Args:
        event: "begun", "ended" (with `lesson`), "checked" (`exercise`, `passed`), "language"
            (`language`) or "copied" (`lesson`, `file`).
        details: What belongs to it, as JSON can hold it.
    """
    line = json.dumps({"event": event, "time": round(time.time()), **details}) + "\n"
    file = journal_file()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        # One write to a file that was opened for appending: lines of two processes don't mix.
        handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(handle, _after_whole_line(file) + line.encode())
        finally:
            os.close(handle)
    except OSError:
        _unwritten.setdefault(file, []).append(line)


def read_progress() -> LearnerProgress:
    """What has been done so far."""
    progress = LearnerProgress()
    file = journal_file()
    try:
        lines = read_bytes(file).decode("utf-8", "replace").splitlines()
    except OSError:
        lines = []
    for line in lines + _unwritten.get(file, []):
        try:
            _apply(progress, json.loads(line))
        except (ValueError, LookupError, TypeError, OverflowError, RecursionError):
            continue  # cut off when a machine stopped, or written by hand
    return progress


def _after_whole_line(file: Path) -> bytes:
    """A line's end, if the last line of the file lacks it."""
    with file.open("rb") as opened:
        if opened.seek(0, os.SEEK_END) == 0:
            return b""
        opened.seek(-1, os.SEEK_END)
        return b"" if opened.read(1) == b"\n" else b"\n"


def _apply(progress: LearnerProgress, event: dict[str, Any]) -> None:
    kind = event["event"]
    if kind == "ended":
        progress.ended.add(int(event["lesson"]))
    elif kind == "language":
        progress.language = event["language"] if event["language"] in ("en", "zh") else None
    elif kind == "copied":
        progress.copies[int(event["lesson"])] = Path(event["file"])
    elif kind == "checked":
        exercise = str(event["exercise"])
        if event["passed"]:
            progress.solved.add(exercise)
            progress.failed.pop(exercise, None)
        else:
            progress.failed[exercise] = progress.failed.get(exercise, 0) + 1
