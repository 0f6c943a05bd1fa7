"""Networks on the digits: each forecast in a fresh process, then trained in another one.

Three epochs by the fast recipe, on one thread, in float32, images enlarged to 32×32. Each network
has a cache folder of its own, so no forecast knows how earlier ones went. `seconds` is the clock,
which other programs slow down; `processor_seconds` what the one thread computed, about what the
clock shows on an idle machine.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from convscope.inspection.trace.trace import trace
from convscope.runs.build_for_images import build_for_images
from convscope.runs.recipe import Recipe

DATA = None  # the digits are built in
SEEDS = (0,)
SIZE, EPOCHS = 32, 3
NETWORKS = (
    "small", "lenet", "mobilenet-v2", "mobilenet-v1", "densenet", "googlenet", "resnet18",
    "mobilenet-v2-32px", "vgg11-32px",
)  # fmt: skip
CELL = {"network": "lenet"}
WITHIN = {"parameters": 0, "macs": 0, "field": 0, "accuracy": 0.05}


def measure() -> Iterator[dict[str, Any]]:
    """A row for each network."""
    for name in NETWORKS:
        yield measure_one(name)


def measure_cell() -> dict[str, Any]:
    """The row that CELL names."""
    return measure_one(CELL["network"])


def measure_one(name: str) -> dict[str, Any]:
    """Forecast and train one network."""
    shape = (1, SIZE, SIZE)
    _, network, _, _ = build_for_images(name, shape, 10, Recipe(epochs=1, size=SIZE))
    layers = trace(network, shape).layers
    fields = [layer.receptive_field for layer in layers if layer.receptive_field is not None]
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "CONVSCOPE_CACHE": f"{folder}/cache"}
        words = [name, "digits", "--recipe", "fast", "--size", str(SIZE), "--epochs", str(EPOCHS)]
        words += ["--precision", "float32", "--set", "threads=1", "--json"]
        forecast = json.loads(run_command(["plan", *words], environment)[0])
        run = Path(folder) / "run"
        _, seconds, usage = run_command(["train", *words, "--out", str(run)], environment)
        evaluation = json.loads((run / "evaluation.json").read_text())
    when, memory = forecast["time"], forecast["memory"]
    return {
        "network": name,
        "parameters": sum(layer.parameters for layer in layers),
        "macs": sum(layer.macs for layer in layers),
        "field": max(max(field.size) for field in fields),
        "forecast_seconds": round(when["run_seconds"], 2),
        "low_seconds": round(when["low"], 2),
        "high_seconds": round(when["high"], 2),
        "seconds": round(seconds, 2),
        "processor_seconds": round(usage.ru_utime + usage.ru_stime, 2),
        "forecast_bytes": memory["peak_bytes"],
        "low_bytes": memory["low"],
        "high_bytes": memory["high"],
        "peak_bytes": 1024 * usage.ru_maxrss,
        "images_per_second": round(when["images_per_second"]),
        "accuracy": evaluation["accuracy"],
    }


def run_command(words: list[str], environment: dict[str, str]) -> tuple[str, float, Any]:
    """What a command printed, how long it took, and what the system counted of it."""
    begun = time.perf_counter()
    with tempfile.TemporaryFile("w+") as printed:
        process = subprocess.Popen(
            [sys.executable, "-m", "convscope", *words], stdout=printed,
            stderr=subprocess.DEVNULL, env=environment,
        )  # fmt: skip
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"convscope {' '.join(words)} failed")
        printed.seek(0)
        return printed.read(), time.perf_counter() - begun, usage
