"""Commands that go on without Studio, and how they are found again.

A process is known by its number and when it began, for numbers are given anew.
"""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

_children: dict[int, subprocess.Popen[bytes]] = {}


def start_process(command: list[str], log: Path) -> int:
    """Start a command in a session of its own, so that what ends Studio doesn't reach it.

    Args:
        command: The program and its arguments.
        log: The file that what it prints goes to; written over.

    Returns:
        The number of the process.
    """
    with log.open("wb") as stream:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            start_new_session=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1", "NO_COLOR": "1"},
        )
    _children[child.pid] = child
    return child.pid


def start_mark(number: int) -> str | None:
    """When a process began, in the system's own words; None if there is none of that number.

    A process that has ended and that nobody has asked about is none.
    """
    child = _children.get(number)
    if child is not None and child.poll() is not None:
        del _children[number]
        return None
    try:
        stat = Path(f"/proc/{number}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None if Path("/proc/self").exists() else _mark_by_ps(number)
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else fields[19]


def _mark_by_ps(number: int) -> str | None:
    """The same where there is no /proc, as on macOS."""
    found = subprocess.run(
        ["ps", "-o", "state=,lstart=", "-p", str(number)],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split(maxsplit=1)
    return found[1].strip() if len(found) == 2 and not found[0].startswith("Z") else None


def ask_to_stop(number: int) -> None:
    """Ask a process to end as SIGTERM does: a training writes a checkpoint first."""
    with suppress(ProcessLookupError):  # it has just ended
        os.kill(number, signal.SIGTERM)
