"""How much memory this machine has, and how much of it a program can still get."""

from __future__ import annotations

from pathlib import Path


def system_memory() -> tuple[int | None, int | None]:
    """Bytes in all and available, within the limit of a container; None where not known."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None, None
    sizes = {line.split(":")[0]: int(line.split()[1]) << 10 for line in lines}
    total, available = sizes["MemTotal"], sizes["MemAvailable"]
    group = Path("/sys/fs/cgroup")
    try:
        limit = int((group / "memory.max").read_text(encoding="utf-8"))
        used = int((group / "memory.current").read_text(encoding="utf-8"))
    except (OSError, ValueError):  # no container, or one without a limit ("max")
        return total, available
    return min(total, limit), min(available, max(0, limit - used))
