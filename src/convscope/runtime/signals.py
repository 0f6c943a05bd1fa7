"""Signals that ask a program to end: Ctrl-C, SIGTERM, and SIGHUP from a terminal that closes."""

from __future__ import annotations

import signal
import time

SAME_WISH = 1.0
"""Seconds within which further signals say the same: a shell and a supervisor often both send one,
and the second must not cut off the message about the first."""

_first = [float("-inf")]


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
