"""Whether other programs held up this one: how long its threads stood ready without a processor."""

from __future__ import annotations

import time
from pathlib import Path

TASKS = Path("/proc/self/task")
BUSY = 0.1  # share of waiting from which times don't count: 0.02 to 0.03 alone, 0.5 beside another


class Contention:
    """Watches this process from now on."""

    def __init__(self) -> None:
        self._begun = time.perf_counter()
        self._before = _waited()

    @property
    def share(self) -> float:
        """How long a thread waited for a processor, at most, as a share of the time since.

        0 where the system doesn't tell (anything but Linux).
        """
        elapsed = time.perf_counter() - self._begun
        waits = [seconds - self._before.get(task, 0.0) for task, seconds in _waited().items()]
        return min(1.0, max(waits, default=0.0) / elapsed) if elapsed > 0 else 0.0


def _waited() -> dict[str, float]:
    """Seconds that each thread has waited in the scheduler's queue so far."""
    found = {}
    try:
        for task in TASKS.iterdir():
            # Time on a processor and time waiting for one, both in nanoseconds, and a count.
            found[task.name] = int((task / "schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):  # a thread has ended, or there is no such file
        pass
    return found
