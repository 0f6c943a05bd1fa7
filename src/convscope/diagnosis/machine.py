"""This machine as Convscope finds it: facts, and what stands in the way."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch

from convscope.data import mnist
from convscope.data.load import NAMED
from convscope.folders import cache_folder, search_folders
from convscope.look.numbers import size
from convscope.runtime.device import describe
from convscope.runtime.system_memory import system_memory
from convscope.version import __version__

PACKAGES = ("numpy", "pillow", "kornia", "scikit-learn", "matplotlib", "tensorboard")
EXTRAS = {
    "onnx": ("onnx", "onnxscript", "onnxruntime"),
    "web": ("fastapi", "uvicorn", "prometheus-client"),
}
INSTRUCTIONS = {  # flags of /proc/cpuinfo (x86 and ARM) that decide about speed
    "avx2": "AVX2",
    "avx512f": "AVX-512",
    "avx512_bf16": "AVX-512 bfloat16",
    "amx_bf16": "AMX bfloat16",
    "amx_int8": "AMX int8",
    "asimd": "NEON",
    "bf16": "NEON bfloat16",
}
SHORT_MEMORY, SHORT_DISK = 2 << 30, 2 << 30  # bytes
CIFAR = (  # any of these is CIFAR-10
    "cifar-10-batches-bin",
    "cifar-10-batches-py",
    "cifar-10-binary.tar.gz",
    "cifar-10-python.tar.gz",
    "cifar10-jpeg.zip",
    "cifar10-jpeg",
)

State = Literal["ok", "missing", "problem"]


@dataclass(frozen=True)
class Fact:
    """One line about the machine.

    Attributes:
        topic: What it is about.
        value: The fact, in words.
        state: "ok"; "missing" if something optional isn't there; "problem" if something is in the
            way of training.
        advice: What to do, where it isn't "ok".
    """

    topic: str
    value: str
    state: State = "ok"
    advice: str = ""


@dataclass(frozen=True)
class MachineReport:
    """Everything about the machine.

    Attributes:
        facts: What a page about the machine says, in its order.
        numbers: The facts as values for programs: bytes, counts, names.
    """

    facts: tuple[Fact, ...]
    numbers: dict[str, Any]

    @property
    def is_ready(self) -> bool:
        """Whether nothing is in the way of training."""
        return all(fact.state != "problem" for fact in self.facts)


def examine_machine() -> MachineReport:
    """Look at software, processor, memory, disk, data sets, GPU; writes and fetches nothing."""
    numbers: dict[str, Any] = {"convscope": __version__, **describe()}
    numbers["instructions"] = _instructions()
    numbers["usable_cores"] = _usable_cores()
    numbers["load"] = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    numbers["memory_bytes"], numbers["available_memory_bytes"] = system_memory()
    folder = cache_folder()
    numbers["cache_folder"] = str(folder)
    numbers["free_disk_bytes"] = shutil.disk_usage(_nearest(folder)).free
    numbers["data_sets"] = {name: _place_of(name) for name in NAMED}
    numbers["packages"] = {name: _version(name) for name in PACKAGES}
    numbers["extras"] = {
        extra: {name: _version(name) for name in names} for extra, names in EXTRAS.items()
    }
    facts = [
        *_software(numbers),
        *_processor(numbers),
        _gpu(numbers),
        *_room(numbers),
        *_data_sets(numbers),
    ]
    return MachineReport(tuple(facts), numbers)


def _software(numbers: dict[str, Any]) -> list[Fact]:
    packages = ", ".join(f"{n} {v}" for n, v in numbers["packages"].items())
    facts = [
        Fact("Convscope", f"{numbers['convscope']}, Python {numbers['python']}"),
        Fact("PyTorch", numbers["torch"]),
        Fact("packages", packages),
    ]
    for extra, versions in numbers["extras"].items():
        missing = [name for name, version in versions.items() if version is None]
        there = ", ".join(f"{name} {version}" for name, version in versions.items() if version)
        if missing:
            purpose = "export" if extra == "onnx" else "serve"
            advice = f"For convscope {purpose}: pip install 'convscope[{extra}]'"
            facts.append(Fact(f"extra {extra}", f"no {', '.join(missing)}", "missing", advice))
        else:
            facts.append(Fact(f"extra {extra}", there))
    return facts


def _processor(numbers: dict[str, Any]) -> list[Fact]:
    found = numbers["instructions"]
    is_quick = any("bfloat16" in name for name in found)
    value = ", ".join(found) if found else "none that are known of"
    short = Fact("bfloat16", "computed in hardware" if is_quick else "not in hardware")
    if not is_quick:
        short = Fact(
            "bfloat16",
            short.value,
            "missing",
            "Nothing to do: training measures, and takes float32.",
        )
    return [
        Fact("system", numbers["platform"]),
        Fact("processor", numbers["processor"]),
        Fact("instructions", f"{value}; PyTorch uses {numbers['processor_capability']}"),
        short,
        _threads(numbers),
    ]


def _threads(numbers: dict[str, Any]) -> Fact:
    usable, threads, load = numbers["usable_cores"], numbers["threads"], numbers["load"]
    busy = "" if load is None else f"; {load:.1f} cores busy in the last minute"
    value = f"{threads} threads on {usable} of {numbers['cores']} logical cores{busy}"
    limit = os.environ.get("OMP_NUM_THREADS")
    if limit is not None and limit.isdigit() and int(limit) < usable // 2:
        advice = f"OMP_NUM_THREADS={limit} holds the others back; unset it."
        return Fact("threads", value, "missing", advice)
    if load is not None and load > 0.5 * usable:
        advice = "Other programs are running: training will be slower, and its choices less sure."
        return Fact("threads", value, "missing", advice)
    return Fact("threads", value)


def _gpu(numbers: dict[str, Any]) -> Fact:
    if "gpu" in numbers:
        free, total = torch.cuda.mem_get_info()
        numbers["gpu_memory_bytes"], numbers["gpu_free_bytes"] = total, free
        value = f"{numbers['gpu']}, CUDA {numbers['cuda']}, {size(free)} of {size(total)} free"
        return Fact("GPU", value)
    if torch.backends.mps.is_available():
        return Fact("GPU", "Apple (mps)")
    why = "" if torch.version.cuda else "; this PyTorch is built without CUDA"
    return Fact("GPU", f"none{why}", "missing", "Training runs on the processor.")


def _room(numbers: dict[str, Any]) -> list[Fact]:
    total, available = numbers["memory_bytes"], numbers["available_memory_bytes"]
    memory = Fact("memory", "not known here")
    if total is not None and available is not None:
        memory = Fact("memory", f"{size(available)} of {size(total)} available")
        if available < SHORT_MEMORY:
            advice = "Close other programs, or train with a small --batch-size."
            memory = Fact("memory", memory.value, "problem", advice)
    folder, free = numbers["cache_folder"], numbers["free_disk_bytes"]
    value = f"{folder}, {size(free)} free"
    cache = Fact("cache folder", value)
    if not os.access(_nearest(Path(folder)), os.W_OK):
        advice = "It can't be written to: set CONVSCOPE_CACHE to a folder of your own."
        cache = Fact("cache folder", value, "problem", advice)
    elif free < SHORT_DISK:
        advice = "Make room, or set CONVSCOPE_CACHE to a folder on another disk."
        cache = Fact("cache folder", value, "problem", advice)
    return [memory, cache]


def _data_sets(numbers: dict[str, Any]) -> list[Fact]:
    facts = []
    for name, place in numbers["data_sets"].items():
        if place is None:
            advice = "It is downloaded when it is first used."
            facts.append(Fact(name, "not on this machine", "missing", advice))
        else:
            facts.append(Fact(name, place))
    return facts


def _place_of(name: str) -> str | None:
    """The folder that holds the named data set; None if it isn't here."""
    if name == "digits":
        return "built in"
    if name in mnist.SOURCES:
        folder = mnist.find(name)
        return None if folder is None else str(folder)
    folders = search_folders(name)
    return next((str(f) for f in folders if any((f / file).exists() for file in CIFAR)), None)


def _instructions() -> list[str]:
    """Those of `INSTRUCTIONS` that the processor has, as Linux tells; elsewhere none."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    line = next((each for each in lines if each.startswith(("flags", "Features"))), "")
    flags = set(line.partition(":")[2].split())
    return [name for flag, name in INSTRUCTIONS.items() if flag in flags]


def _usable_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _nearest(folder: Path) -> Path:
    """The folder, or the lowest one above it that exists."""
    return next(each for each in (folder, *folder.absolute().parents) if each.exists())


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
