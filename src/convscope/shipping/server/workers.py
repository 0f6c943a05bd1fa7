"""Several processes that do the same work: each is replaced when it ends, one signal ends them all.

They are forked, so what was loaded before is in memory once, as long as nobody writes to it. Only
Linux is known to do that well: libraries of other systems may stop working in a forked process.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import selectors
import signal
import struct
import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any

from convscope.errors import ConvscopeError, UsageError
from convscope.runtime.signals import ending_signals

LONGEST_PAUSE = 30.0
"""Seconds until a process is tried again that ends before it is ready, time after time."""

Work = Callable[[Callable[[], None]], bool]
"""What a process does; it calls what it is given when it is ready. Whether all ended well."""


def can_fork() -> bool:
    """Whether this system goes on well in a forked process."""
    return sys.platform == "linux"


def compute_apart(compute: Callable[[], Any]) -> Any:
    """What a function gives, computed by a forked process that leaves nothing behind.

    Args:
        compute: Gives plain data, as JSON holds it.

    Raises:
        ConvscopeError: As in there.
    """
    reader, writer = os.pipe()
    process = os.fork()
    if process == 0:
        _leave(lambda: _tell(compute, writer))
    try:
        os.close(writer)
        with os.fdopen(reader, encoding="utf-8") as answer:
            text = answer.read()
    except BaseException:
        os.kill(process, signal.SIGKILL)
        raise
    finally:
        _, status = os.waitpid(process, 0)
    if not text:
        raise ConvscopeError(f"The process that measures {_how(status)}.")
    told = json.loads(text)
    if "error" in told:
        raise (UsageError if told["usage"] else ConvscopeError)(told["error"])
    return told["result"]


def _tell(compute: Callable[[], Any], writer: int) -> bool:
    for number in ending_signals():
        signal.signal(number, signal.SIG_DFL)
    told: dict[str, Any] = {}
    try:
        told["result"] = compute()
    except ConvscopeError as error:
        told.update(error=str(error), usage=isinstance(error, UsageError))
    with os.fdopen(writer, "w", encoding="utf-8") as answer:
        json.dump(told, answer)
    return True


class Workers:
    """Processes at work.

    Args:
        count: How many there should be.
        work: What each does. It ends when SIGTERM comes, and at once when it comes again.
        say: Told of processes that ended, and of those in their place.
        patience: Seconds they have to end; then they are killed.
        on_end: Told the number of a process that has ended.
    """

    def __init__(
        self,
        count: int,
        work: Work,
        *,
        say: Callable[[str], None],
        patience: float,
        on_end: Callable[[int], None] = lambda process: None,
    ) -> None:
        self._count = count
        self._work = work
        self._say = say
        self._patience = patience
        self._on_end = on_end
        self._board = mmap.mmap(-1, struct.calcsize("i"))
        self._ready: dict[int, bool] = {}  # by the number of each process
        self._due: list[float] = []  # when others are started in place of those that ended
        self._pause = 0.0
        self._leaving: float | None = None
        self._ended_well = True

    @property
    def running(self) -> int:
        """How many are ready; the processes know it, too."""
        return int(struct.unpack("i", self._board[:])[0])

    def run(self, on_ready: Callable[[], None]) -> bool:
        """Start them, and keep them until a signal comes (SIGTERM, SIGINT, SIGHUP).

        Args:
            on_ready: Called when all are ready for the first time.

        Returns:
            Whether all ended well after the signal.

        Raises:
            ConvscopeError: One ended before all were ready for the first time.
        """
        with contextlib.ExitStack() as stack:
            self._open(stack)
            self._due = [0.0] * self._count
            is_begun = False
            while self._ready or self._leaving is None:
                self._start_due()
                self._wait()
                ended = self._collect()
                if self._leaving is None and not is_begun:
                    if ended:
                        raise ConvscopeError(f"A worker {ended[0]} before it was ready.")
                    is_begun = self.running == self._count
                    if is_begun:
                        on_ready()
        return self._ended_well

    def _open(self, stack: contextlib.ExitStack) -> None:
        """Pipes and handlers: signals and ready processes wake the parent up."""
        lifeline, self._alive = os.pipe()
        self._lifeline = lifeline
        self._news, self._told = os.pipe()
        woken, wake = os.pipe()
        for each in (woken, wake, self._news):
            os.set_blocking(each, False)
        for each in (lifeline, self._alive, self._news, self._told, woken, wake):
            stack.callback(os.close, each)
        self._woken = woken
        self._selector = stack.enter_context(selectors.DefaultSelector())
        self._selector.register(woken, selectors.EVENT_READ)
        self._selector.register(self._news, selectors.EVENT_READ)
        self._ending = ending_signals()
        for number in (*self._ending, signal.SIGCHLD):
            before = signal.signal(number, lambda number, frame: None)
            stack.callback(signal.signal, number, before)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        stack.callback(signal.set_wakeup_fd, -1)
        stack.callback(self._kill)

    def _start_due(self) -> None:
        now = time.monotonic()
        while self._leaving is None and self._due and self._due[0] <= now:
            self._due.pop(0)
            # Until it has handlers of its own, a signal for the new process must wait.
            signals = {*self._ending, signal.SIGCHLD}
            signal.pthread_sigmask(signal.SIG_BLOCK, signals)
            process = os.fork()
            if process == 0:
                _leave(self._be_worker)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)
            self._ready[process] = False

    def _be_worker(self) -> bool:
        """In the new process."""
        signal.set_wakeup_fd(-1)
        for number in (*self._ending, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        # A terminal sends Ctrl-C to all processes; the parent alone says when to end.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGCHLD})
        os.close(self._alive)
        threading.Thread(target=self._end_with_parent, daemon=True).start()
        return self._work(lambda: self._write(struct.pack("i", os.getpid())))

    def _write(self, news: bytes) -> None:
        with contextlib.suppress(BrokenPipeError):
            os.write(self._told, news)

    def _end_with_parent(self) -> None:
        os.read(self._lifeline, 1)  # nothing is ever written: it ends when the parent does
        os.kill(os.getpid(), signal.SIGTERM)

    def _wait(self) -> None:
        """Until something happens; then see what."""
        moments = list(self._due) if self._leaving is None else [self._leaving + self._patience]
        first = min(moments, default=None)
        timeout = None if first is None else max(0.0, first - time.monotonic())
        for key, _ in self._selector.select(timeout):
            news = os.read(key.fd, 4096)
            if key.fd == self._woken:
                for _ in filter(set(self._ending).__contains__, news):
                    self._end()
            else:
                for (process,) in struct.iter_unpack("i", news):
                    if process in self._ready:
                        self._ready[process] = True
                        self._pause = 0.0
        if self._leaving is not None and time.monotonic() > self._leaving + self._patience:
            self._kill()
        self._count_ready()

    def _end(self) -> None:
        if self._leaving is None:
            self._leaving = time.monotonic()
        for process in self._ready:
            os.kill(process, signal.SIGTERM)

    def _collect(self) -> list[str]:
        """The processes that have ended, in words; plans others in their place."""
        ended = []
        for process in list(self._ready):
            found, status = os.waitpid(process, os.WNOHANG)
            if not found:
                continue
            was_ready = self._ready.pop(process)
            self._count_ready()
            self._on_end(process)
            ended.append(_how(status))
            if self._leaving is not None:
                # One that wasn't ready yet had nothing to answer, and no handler.
                self._ended_well &= status == 0 or not was_ready
                continue
            pause = 0.0 if was_ready else min(LONGEST_PAUSE, max(1.0, 2 * self._pause))
            self._pause = pause
            self._due = sorted([*self._due, time.monotonic() + pause])
            soon = "now" if pause == 0 else f"in {pause:g} s"
            self._say(f"Worker {process} {ended[-1]}. Another one is started {soon}.")
        return ended

    def _count_ready(self) -> None:
        self._board[:] = struct.pack("i", sum(self._ready.values()))

    def _kill(self) -> None:
        for process in self._ready:
            os.kill(process, signal.SIGKILL)
        if self._leaving is None:  # something went wrong, and nobody collects them any more
            for process in self._ready:
                os.waitpid(process, 0)


def _leave(work: Callable[[], bool]) -> None:
    """In a forked process: do the work, then end without tidying up what the parent still needs."""
    code = 1
    try:
        code = 0 if work() else 1
    except ConvscopeError as error:
        print(f"convscope: {error}", file=sys.stderr)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _how(status: int) -> str:
    """How a process ended, in words."""
    code = os.waitstatus_to_exitcode(status)
    if code == -signal.SIGKILL:
        return "was killed (SIGKILL: by somebody, or for lack of memory)"
    if code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended with code {code}"
