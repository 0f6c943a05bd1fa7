"""Lessons that run in processes of their own; what was played once is kept in the cache."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from convscope.folders import writable_folder
from convscope.lessons.contents_table import Lesson
from convscope.studio.refusals import refuse
from convscope.version import __version__

AT_ONCE = 2
"""So many lessons run at the same time."""


@dataclass
class LessonPlayers:
    """Starts lessons and reads what they have shown.

    Attributes:
        processes: Those that were started, by the file they write to.
    """

    processes: dict[Path, subprocess.Popen[bytes]] = field(default_factory=dict)

    def read(self, lesson: Lesson, language: str, after: int) -> dict[str, Any]:
        """What a lesson has shown behind the first cells; it is started if it never ran.

        Args:
            lesson: Which one.
            language: "en" or "zh".
            after: So many cells are there already.

        Raises:
            Refused: As many lessons run as may at once.
        """
        kept = played_file(lesson, language)
        running = kept.with_suffix(f".{os.getpid()}.part")
        process = self.processes.get(running)
        if process is None and not kept.is_file():
            self._start(lesson, language, running)
        elif process is not None and process.poll() is not None:
            self._end(running, kept)
        found = told(kept if kept.is_file() else running, after)
        if found["state"] != "running" and running in self.processes:
            self._end(running, kept)  # it has said all, and is on its way out
        return found

    def again(self, lesson: Lesson, language: str) -> None:
        """Forget what a lesson has shown, so that it runs anew when it is read."""
        kept = played_file(lesson, language)
        running = kept.with_suffix(f".{os.getpid()}.part")
        if running not in self.processes:
            kept.unlink(missing_ok=True)
            running.unlink(missing_ok=True)

    def close(self) -> None:
        """End all that still runs."""
        while self.processes:
            _, process = self.processes.popitem()
            process.kill()
            _close(process)

    def _start(self, lesson: Lesson, language: str, running: Path) -> None:
        if running.is_file():
            return  # it has run and failed; `again` lets it run anew
        if sum(process.poll() is None for process in self.processes.values()) >= AT_ONCE:
            raise refuse("refused.lessons.busy", status=429, count=AT_ONCE)
        running.touch()
        command = [sys.executable, "-m", "convscope.lessons.play_to_file"]
        self.processes[running] = subprocess.Popen(
            [*command, str(lesson.number), language, str(running)],
            stdin=subprocess.PIPE,  # closed when this process ends, however it ends
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def _end(self, running: Path, kept: Path) -> None:
        """A process has ended: keep what it wrote if that is whole, else say that it isn't."""
        process = self.processes.pop(running)
        _close(process)
        lines = read_lines(running)
        if lines and "done" in lines[-1]:
            running.replace(kept)
        elif not lines or "failed" not in lines[-1]:
            failed = {"failed": f"The process ended early ({process.returncode})."}
            with running.open("a", encoding="utf-8") as file:
                file.write("\n" + json.dumps(failed) + "\n")


def _close(process: subprocess.Popen[bytes]) -> None:
    """Wait for a process that ends, and give back what it was held by."""
    assert process.stdin is not None  # noqa: S101 - it was started so
    process.stdin.close()
    process.wait()


def played_file(lesson: Lesson, language: str) -> Path:
    """Where a lesson that was played is kept; another text or version has another file."""
    source = lesson.source(language).read_bytes()
    digest = hashlib.sha256(source + __version__.encode()).hexdigest()[:16]
    return writable_folder("lessons") / f"{lesson.number:02d}-{language}-{digest}.jsonl"


def read_lines(file: Path) -> list[dict[str, Any]]:
    """The whole lines of a file that may still be written to."""
    try:
        text = file.read_text(encoding="utf-8")
    except OSError:
        return []
    found = []
    for line in text.split("\n")[:-1]:
        try:
            found.append(json.loads(line))
        except ValueError:
            continue  # cut off when the process was ended
    return found


def told(file: Path, after: int) -> dict[str, Any]:
    """What the page is told of a lesson: cells, and whether more come."""
    lines = read_lines(file)
    last = lines[-1] if lines else {}
    cells = [line for line in lines if "html" in line]
    state = "done" if "done" in last else "failed" if "failed" in last else "running"
    return {
        "state": state,
        "seconds": last.get("done"),
        "reason": last.get("failed"),
        "count": len(cells),
        "cells": cells[max(0, after) :],
    }
