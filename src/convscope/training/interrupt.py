"""Ctrl-C, SIGTERM and SIGHUP end a run between two steps, with a checkpoint."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from convscope.errors import ConvscopeError, TerminatedError
from convscope.runtime.signals import ending_signals, repeats_itself


class TrainingStoppedError(ConvscopeError):
    """A run was asked to stop and did; it can be resumed.

    Args:
        what: What is kept and how to go on.
        exit_code: 128 more than the number of the signal that asked, as shells have it.
    """

    def __init__(self, what: str, exit_code: int) -> None:
        self.exit_code = exit_code
        super().__init__(what)


@contextmanager
def explain_stop(what: str) -> Iterator[None]:
    """Say, when a signal ends the block at once, what is kept and how to go on.

    Raises:
        TrainingStoppedError: In place of KeyboardInterrupt.
    """
    try:
        yield
    except KeyboardInterrupt as error:
        code = 128 + signal.SIGINT
        if isinstance(error, TerminatedError):
            code = error.exit_code
        raise TrainingStoppedError(what, code) from None


class StopRequest:
    """Remembers that a signal has asked the run to stop.

    Args:
        run_folder: The run that is asked, for the message.

    Attributes:
        needs_agreement: Whether other processes train as well; all of them must stop after the
            same step, so a request counts when they have agreed on it.
    """

    def __init__(self, run_folder: Path) -> None:
        self._run_folder = run_folder
        self.needs_agreement = False
        self._signal: int | None = None
        self._is_agreed = False

    @property
    def came(self) -> bool:
        """Whether a signal has come to this process."""
        return self._signal is not None

    @property
    def requested(self) -> bool:
        """Whether to stop at the next good moment."""
        return self._is_agreed if self.needs_agreement else self.came

    def agree(self, *, is_stopping: bool) -> None:
        """Take over what all processes have agreed on."""
        self._is_agreed = is_stopping

    def raise_if_requested(self) -> None:
        """Stop now, if asked to.

        Raises:
            TrainingStoppedError: A signal came.
        """
        if self.requested:
            raise TrainingStoppedError(
                f"Stopped; everything is kept. Go on with: convscope resume {self._run_folder}",
                128 + (self._signal or signal.SIGTERM),
            )

    @contextmanager
    def saving(self, save: Callable[[], None]) -> Iterator[None]:
        """Within: a stop is preceded by `save`, of what the block doesn't change."""
        try:
            yield
        except TrainingStoppedError:
            save()
            raise

    def receive(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal. One that comes later than with the first doesn't wait for the step."""
        del frame
        if repeats_itself():
            return
        if self._signal is not None:
            raise TerminatedError(number)
        self._signal = number


@contextmanager
def stop_on_signals(run_folder: Path, *, needs_agreement: bool = False) -> Iterator[StopRequest]:
    """Turn signals that end a program into a request, while the block runs.

    In a thread other than the main one, Python can't listen to signals; they stay as they are.
    """
    request = StopRequest(run_folder)
    request.needs_agreement = needs_agreement
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    numbers = ending_signals()
    before = [signal.signal(number, request.receive) for number in numbers]
    try:
        yield request
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
