"""Ctrl-C and SIGTERM end a run between two steps, with a checkpoint."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from convscope.errors import ConvscopeError, TerminatedError


class TrainingStoppedError(ConvscopeError):
    """A run was asked to stop and did; it can be resumed.

    Args:
        run_folder: For the message.
        signal_number: What asked; the exit code is 128 more, as shells have it.
    """

    def __init__(self, run_folder: Path, signal_number: int) -> None:
        self.exit_code = 128 + signal_number
        super().__init__(f"Stopped; everything is kept. Go on with: convscope resume {run_folder}")


@contextmanager
def explain_stop(run_folder: Path) -> Iterator[None]:
    """Say, when Ctrl-C or SIGTERM ends the final evaluation, that the run is kept.

    Raises:
        ConvscopeError: In place of KeyboardInterrupt.
    """
    try:
        yield
    except KeyboardInterrupt as error:
        stopped = ConvscopeError(
            "Stopped in the final evaluation; the training has ended and is kept. For what is "
            f"left: convscope resume {run_folder}; for the evaluation alone: convscope evaluate "
            f"{run_folder}"
        )
        is_terminated = isinstance(error, TerminatedError)
        stopped.exit_code = 128 + (signal.SIGTERM if is_terminated else signal.SIGINT)
        raise stopped from None


class StopRequest:
    """Remembers that a signal has asked the run to stop.

    Args:
        run_folder: The run that is asked, for the message.
    """

    def __init__(self, run_folder: Path) -> None:
        self._run_folder = run_folder
        self._signal: int | None = None

    @property
    def requested(self) -> bool:
        """Whether to stop at the next good moment."""
        return self._signal is not None

    def raise_if_requested(self) -> None:
        """Stop now, if asked to.

        Raises:
            TrainingStoppedError: A signal came.
        """
        if self._signal is not None:
            raise TrainingStoppedError(self._run_folder, self._signal)

    def receive(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal. A second one doesn't wait for the step to end."""
        del frame
        if self._signal is not None:
            raise KeyboardInterrupt
        self._signal = number


@contextmanager
def stop_on_signals(run_folder: Path) -> Iterator[StopRequest]:
    """Turn Ctrl-C and SIGTERM into a request, while the block runs.

    In a thread other than the main one, Python can't listen to signals; they stay as they are.
    """
    request = StopRequest(run_folder)
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, request.receive) for number in numbers]
    try:
        yield request
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
