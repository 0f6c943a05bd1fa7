"""Which device computes, and what to say about it."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any

import torch

from convscope.errors import UsageError


def choose_device(name: str = "auto") -> torch.device:
    """The device of that name, or the fastest kind there is.

    Args:
        name: "auto", "cpu", "cuda", "cuda:1", "mps".

    Raises:
        UsageError: The name isn't a device, or this machine doesn't have it.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError):
        raise UsageError(
            f"Device {name!r} isn't available here. Accepted: auto, {', '.join(_present())}."
        ) from None
    return device


def seed_random_numbers(device: torch.device, seed: int) -> None:
    """Give what draws random numbers on a device, such as dropout, its seed.

    The numbers are those after `torch.manual_seed`, which also leaves word for kinds of devices
    that aren't there, with a traceback for each: 0.15 ms, too much for every step.

    Args:
        device: Where the network computes.
        seed: Of 64 bits.
    """
    if device.type == "cpu":
        torch.default_generator.manual_seed(seed)
    else:
        torch.manual_seed(seed)


def describe() -> dict[str, Any]:
    """Facts about this machine and its software that a run's figures depend on."""
    facts: dict[str, Any] = {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "torch": torch.__version__,
        "processor": processor(),
        "processor_capability": torch.backends.cpu.get_cpu_capability(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
    }
    if torch.cuda.is_available():
        facts["gpu"] = torch.cuda.get_device_name()
        facts["cuda"] = torch.version.cuda
    return facts


def synchronize(device: torch.device) -> None:
    """Wait until the device has done what it was given, so that a clock reads the truth."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def _present() -> list[str]:
    names = ["cpu"]
    if torch.cuda.is_available():
        names += [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        names.append("mps")
    return names


def processor() -> str:
    """The name of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
