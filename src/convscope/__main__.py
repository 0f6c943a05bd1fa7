"""`python -m convscope` is the same as `convscope`.

Signals are listened to before anything else is imported, which takes half a second.
"""

from __future__ import annotations

import os
import signal
from types import FrameType

from convscope.runtime.signals import ending_signals, let_through


def main() -> None:
    """Run the command line."""
    for number in ending_signals():
        signal.signal(number, _end_at_once)
    let_through()
    from convscope.cli import main as run

    run()


def _end_at_once(number: int, frame: FrameType | None) -> None:
    """Nothing has begun, so nothing has to be kept."""
    del frame
    os.write(2, b"convscope: Stopped before anything was begun.\n")
    os._exit(128 + number)


if __name__ == "__main__":
    main()
