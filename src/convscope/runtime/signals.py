"""Signals that ask a program to end: Ctrl-C, SIGTERM, and SIGHUP from a terminal that closes."""

from __future__ import annotations

import signal
import threading
import time
from types import FrameType

SAME_WISH = 1.0
"""Seconds within which further signals say the same: a shell and a supervisor often both send one,
and the second must not cut off the message about the first."""

LONGEST_IMPORT = 10.0
"""Seconds after which a signal isn't put off any more: a file of one's own may never end."""

_first = [float("-inf")]
_put_off_since = [float("inf")]
_is_again = [False]


def ending_signals() -> tuple[signal.Signals, ...]:
    """The signals that end a program here; SIGHUP isn't one under nohup, which ignores it."""
    names = ("SIGINT", "SIGTERM", "SIGHUP")
    known = [getattr(signal, name) for name in names if hasattr(signal, name)]
    return tuple(each for each in known if signal.getsignal(each) != signal.SIG_IGN)


def repeats_itself() -> bool:
    """Whether a signal that just came only says again what one before it said."""
    now = time.monotonic()
    if now - _first[0] < SAME_WISH:
        return True
    _first[0] = now
    return False


def hold_back() -> None:
    """Keep signals that end a program until `let_through`, also while it replaces itself."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, ending_signals())


def let_through() -> None:
    """Let signals come that were held back; those that came in between come now."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ending_signals())


def put_off_while_importing(number: int, frame: FrameType | None) -> bool:
    """Whether a signal came while a module is being imported; it comes again a moment later.

    Who gives it a second time doesn't want to wait: that isn't put off.

    An exception in there is lost or leaves half a module behind (PyTorch, written in C++, goes on
    without NumPy), and the program would end with an error that has nothing to do with the signal.

    Args:
        number: The signal.
        frame: What it interrupted, as handlers are given it.
    """
    now = time.monotonic()
    since = min(_put_off_since[0], now)
    is_again, _is_again[0] = _is_again[0], False
    waited = now - since
    is_insisted_on = waited > (LONGEST_IMPORT if is_again else SAME_WISH)
    if is_insisted_on or not _is_importing(frame):
        _put_off_since[0] = float("inf")
        return False
    _put_off_since[0] = since
    again = threading.Timer(0.05, _send_to_main_thread, [number])
    again.daemon = True
    again.start()
    return True


def _send_to_main_thread(number: int) -> None:
    _is_again[0] = True
    main = threading.main_thread().ident
    if main is not None and hasattr(signal, "pthread_kill"):  # also wakes it where it waits
        signal.pthread_kill(main, number)
    else:
        signal.raise_signal(number)


def _is_importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False
