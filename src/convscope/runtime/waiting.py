"""Whom a process waits for, said to a person: every process tells the others how far it is."""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from convscope.errors import ConvscopeError, UsageError

WAIT = "CONVSCOPE_WAIT"
"""The environment variable for the seconds after which a process gives up waiting."""
USUAL_WAIT = 600.0
SAID_AFTER = 10.0  # seconds without a step until it is said for whom; then after twice as long
BEAT = 1.0  # seconds between two signs of life
SILENT = 6.0  # seconds without one, after which a process counts as silent


def seconds_to_wait() -> float:
    """How long a process waits for others before it gives up: `CONVSCOPE_WAIT`, or 600 s.

    Raises:
        UsageError: It isn't a number above 0.
    """
    given = os.environ.get(WAIT, "")
    try:
        seconds = float(given or USUAL_WAIT)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 1e6:
        raise UsageError(f"{WAIT} must be a number of seconds above 0; it is {given!r}.")
    return seconds


class Watch:
    """Keeps, for one of several processes, how far each of them is.

    Args:
        store: Where processes leave words for one another; `set`, `get` and `check` of PyTorch's.
        rank: The number of this process.
        count: How many there are.
        patience: Seconds until it gives up waiting.
    """

    def __init__(self, store: Any, rank: int, count: int, patience: float) -> None:
        self._store, self._rank, self._count, self._patience = store, rank, count, patience
        self._name = f"{socket.gethostname()}, process id {os.getpid()}"
        self._place = 0
        self._moved = time.monotonic()
        self._beats = 0
        self._heard: dict[int, tuple[str, float]] = {}  # the last sign of life, and since when
        self._ended = threading.Event()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Within: this process gives signs of life, and says whom it waits for."""
        self._give_sign()  # also of one that is lost within its first second something is known
        thread = threading.Thread(target=self._watch, daemon=True, name="convscope-watch")
        thread.start()
        try:
            yield
        finally:
            self.end()
            thread.join(timeout=5)

    def end(self) -> None:
        """Wait for nobody any more."""
        self._ended.set()

    @contextmanager
    def step(self) -> Iterator[None]:
        """Within: something that all processes do together; before and after count as places."""
        self._move()
        yield
        self._move()

    def wait_for(self, key: str, rank: int | None, what: str) -> str:
        """What a process leaves under a key, waited for as long as it gives signs of life.

        Args:
            key: In the store.
            rank: Of the process; None: the first of this machine, whose number isn't known.
            what: What it is to give, for the sentence.

        Raises:
            ConvscopeError: A process has failed, or was silent for too long.
        """
        begun, said = time.monotonic(), SAID_AFTER
        while not self._store.check([key]):
            time.sleep(0.02 if time.monotonic() - begun < 2 else 0.2)
            failure = self._find_failure()
            if self._store.check([key]):
                break
            if failure:
                raise ConvscopeError(failure)
            waited = time.monotonic() - begun
            silence = waited if rank is None else min(waited, self._silence(rank))
            if silence > self._patience:
                raise ConvscopeError(
                    f"Process {self._rank} gives up: it has waited {waited:.0f} s for "
                    f"{self._describe(rank)} ({what}). Start the training again; what it had done "
                    "is in its newest checkpoint."
                )
            if waited > said:
                said *= 2
                self._say(f"waits for {self._describe(rank)} ({what}), {waited:.0f} s so far")
        return str(self._store.get(key).decode())

    def report_failure(self, reason: str) -> None:
        """Leave word for the others of why this process ends."""
        with suppress(RuntimeError, OSError):  # the store may have gone, with its process
            self._store.set(f"failed/{self._rank}", reason)

    def explain_loss(self) -> str:
        """Why this process can't go on, after an exchange with the others has failed."""
        waited = time.monotonic() - self._moved
        with suppress(RuntimeError, OSError):  # the store may be gone, with its process
            self._listen()
            time.sleep(SILENT + BEAT)
            self._listen()
            failure = self._find_failure()
            if failure:
                return failure
        behind = self._missing()
        whom = " and ".join(self._describe(rank) for rank in behind) or "another process"
        end = "it was killed, has crashed or can't be reached"
        reason = f"it gave no answer for {waited:.0f} s" if waited >= self._patience - 1 else end
        return (
            f"Process {self._rank} can't go on without {whom}: {reason}. What was done is in the "
            "newest checkpoint; go on by giving torchrun the same number of processes and: -m "
            "convscope resume RUN."
        )

    def _move(self) -> None:
        self._place += 1
        self._moved = time.monotonic()

    def _watch(self) -> None:
        said = SAID_AFTER
        while not self._ended.wait(BEAT):
            moved = self._moved
            try:
                self._give_sign()
                waited = time.monotonic() - moved
                if waited < SAID_AFTER / 2:
                    said = SAID_AFTER
                    continue
                self._listen()
                missing = self._missing()
                if waited < said or not missing or self._is_behind_others(missing):
                    continue
                said *= 2
                whom = " and ".join(self._describe(rank) for rank in missing[:3])
                self._say(f"waits for {whom}, {waited:.0f} s so far")
            except (RuntimeError, OSError):
                return  # the store has gone, and with it whoever held it

    def _give_sign(self) -> None:
        self._beats += 1
        self._store.set(f"life/{self._rank}", f"{self._beats}|{self._place}|{self._name}")

    def _is_behind_others(self, missing: list[int]) -> bool:
        """Whether another process speaks: the first of those that wait."""
        return any(rank not in missing for rank in range(self._rank))

    def _listen(self) -> None:
        """Note the newest sign of life of every process."""
        now = time.monotonic()
        for rank in range(self._count):
            key = f"life/{rank}"
            life = self._store.get(key).decode() if self._store.check([key]) else ""
            if rank not in self._heard or self._heard[rank][0] != life:
                self._heard[rank] = (life, now)

    def _silence(self, rank: int) -> float:
        self._listen()
        return time.monotonic() - self._heard[rank][1]

    def _missing(self) -> list[int]:
        """The processes that are silent or not as far as this one."""
        now, found = time.monotonic(), []
        for rank, (life, since) in self._heard.items():
            place = int(life.split("|")[1]) if life else -1
            if rank != self._rank and (place < self._place - 1 or now - since > SILENT):
                found.append(rank)
        return found

    def _describe(self, rank: int | None) -> str:
        if rank is None:
            return "the first process of this machine"
        life, since = self._heard.get(rank, ("", time.monotonic()))
        if not life:
            return f"process {rank}, of which nothing was heard yet"
        name = life.split("|", 2)[2]
        silent = time.monotonic() - since
        heard = f", silent for {silent:.0f} s" if silent > SILENT else ""
        return f"process {rank} (on {name}{heard})"

    def _find_failure(self) -> str:
        """What another process has ended with, in a sentence; empty if none has failed."""
        for rank in range(self._count):
            key = f"failed/{rank}"
            if rank != self._rank and self._store.check([key]):
                reason = self._store.get(key).decode()
                return f"Process {self._rank} ends because process {rank} did: {reason}"
        return ""

    def _say(self, text: str) -> None:
        print(f"Process {self._rank} {text}", file=sys.stderr, flush=True)
