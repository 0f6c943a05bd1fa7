"""What the operating system says of this process: its memory, its age. Linux alone tells."""

from __future__ import annotations

import os
import time
from pathlib import Path


def resident_bytes(peak: bool = False) -> int | None:
    """Memory that this process holds in RAM; None where the system doesn't tell.

    Args:
        peak: The most since the process began, or since `forget_peak`.
    """
    name = "VmHWM:" if peak else "VmRSS:"
    try:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith(name)), None)


def forget_peak() -> bool:
    """Let the peak begin anew from what is held now; whether that could be done."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return False
    return True


def age_seconds() -> float | None:
    """Seconds since this process was started; None where the system doesn't tell."""
    try:
        fields = Path("/proc/self/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return time.clock_gettime(time.CLOCK_BOOTTIME) - int(fields[19]) / os.sysconf("SC_CLK_TCK")
    except (OSError, AttributeError, ValueError):
        return None
