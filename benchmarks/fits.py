"""Does the batch that `convscope plan --fits` returns really train within the limit?

    python benchmarks/fits.py                      # every case
    python benchmarks/fits.py --only resnet18-96   # some of them
    python benchmarks/fits.py --times 3            # instead of 10

The machine is calibrated (`convscope doctor --calibrate`), and nothing else has been learned. For
each case the plan is asked for the largest batch; `convscope train` with that batch then runs two
epochs with evaluation, again and again, each time in a process that is killed as soon as its peak
resident memory exceeds the limit. (The kernel's own count of the peak is read a hundred times a
second, so nothing between two readings is missed but the end. A limit of address space would say
nothing of resident memory, since libraries map far more than they use.) Then the same with 1.25
times as many images per step. The images are random ones, three batches of them: memory
depends on nothing else. The table is Markdown.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from convscope.look import numbers

CONVSCOPE = [sys.executable, "-m", "convscope"]
STEP_UP = 1.25
CLASSES = ("first", "second")


class Case(NamedTuple):
    """What is trained, and within which memory."""

    network: str
    size: int
    precision: str
    limit: str
    images: int


CASES = {
    "lenet-28": Case("lenet", 28, "float32", "700MB", 12_000),
    "resnet9-32": Case("resnet9", 32, "bfloat16", "1GB", 4_000),
    "resnet18-96": Case("resnet18", 96, "bfloat16", "1GB", 600),
    "densenet-96": Case("densenet", 96, "float32", "1.2GB", 500),
    "googlenet-96": Case("googlenet", 96, "bfloat16", "1.2GB", 600),
    "nin-224": Case("nin", 224, "float32", "1.5GB", 300),
    "vgg11-224": Case("vgg11", 224, "float32", "2GB", 150),
}


class Trial(NamedTuple):
    """How a training went: its peak in bytes, and whether it came to an end."""

    peak: int
    finished: bool


def write_images(folder: Path, case: Case) -> None:
    """Random grey images, a folder for each split and class."""
    chance = np.random.default_rng(0)
    for split, count in (("train", case.images), ("test", max(40, case.images // 5))):
        for number in range(count):
            place = folder / split / CLASSES[number % len(CLASSES)]
            place.mkdir(parents=True, exist_ok=True)
            pixels = chance.integers(0, 256, (28, 28), np.uint8)
            Image.fromarray(pixels).save(place / f"{number}.png")


def environment(data: Path) -> dict[str, str]:
    """With a cache folder of its own, beside the data."""
    return {**os.environ, "CONVSCOPE_CACHE": str(data.parent / "cache")}


def calibrate(folder: Path) -> Path:
    """The cache folder of a machine that was calibrated and has trained nothing."""
    subprocess.run(
        [*CONVSCOPE, "doctor", "--calibrate"],
        check=True,
        stdout=subprocess.DEVNULL,
        env=environment(folder / "data"),
    )
    return folder / "cache"


def ask_plan(case: Case, data: Path) -> dict[str, float]:
    """What the plan says: batch_size, peak_bytes, low, high."""
    words = ["plan", case.network, str(data), "--size", str(case.size), "--json"]
    words += ["--precision", case.precision, "--fits", case.limit]
    done = subprocess.run(
        [*CONVSCOPE, *words], capture_output=True, text=True, env=environment(data)
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, float] = json.loads(done.stdout)["fits"]
    return found


def peak_of(process: int) -> int:
    """The most memory that a process has held, in bytes; 0 where it has just ended."""
    try:
        lines = Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)


def train(case: Case, data: Path, batch_size: int, limit: int) -> Trial:
    """Train two epochs, with evaluation, in a process that may not exceed the limit."""
    with tempfile.TemporaryDirectory() as folder:
        words = ["train", case.network, str(data), "--size", str(case.size), "--epochs", "2"]
        words += ["--precision", case.precision, "--batch-size", str(batch_size)]
        words += ["--set", "allow_leaks=true", "--out", f"{folder}/run", "--json"]
        with (Path(folder) / "messages").open("w+", encoding="utf-8") as messages:
            process = subprocess.Popen(
                [*CONVSCOPE, *words],
                stdout=subprocess.DEVNULL,
                stderr=messages,
                env=environment(data),
            )
            most = 0
            while process.poll() is None:
                most = max(most, peak_of(process.pid))
                if most > limit:
                    process.kill()
                    process.wait()
                    return Trial(most, finished=False)
                time.sleep(0.01)
            if process.returncode:
                messages.seek(0)
                raise SystemExit(messages.read()[-2000:])
        return Trial(most, finished=True)


def verdict(trials: list[Trial], low: float, limit: int) -> str:
    """How trainings with a larger batch went, in words."""
    killed = sum(not trial.finished for trial in trials)
    if killed:
        return f"over the limit in {killed} of {len(trials)}"
    peak = max(trial.peak for trial in trials)
    if peak >= low:
        return f"within the reserve: {numbers.size(peak)} of {numbers.size(limit)}"
    return f"**would have fitted**: {numbers.size(peak)}"


def main() -> None:
    """Run every case and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", choices=list(CASES), default=list(CASES))
    parser.add_argument("--times", type=int, default=10)
    given = parser.parse_args()
    print(
        "| network | precision | limit | batch | forecast (up to) | trained within | peaks "
        f"| {STEP_UP} times the batch |"
    )
    print("|---|---|---|---|---|---|---|---|")
    begun = tempfile.TemporaryDirectory()
    calibrated = calibrate(Path(begun.name))
    for name in given.only:
        case = CASES[name]
        with tempfile.TemporaryDirectory() as folder:
            data = Path(folder) / "images"
            shutil.copytree(calibrated, Path(folder) / "cache")
            write_images(data, case)
            found = ask_plan(case, data)
            batch_size, limit = int(found["batch_size"]), int(found["limit_bytes"])
            trials = [train(case, data, batch_size, limit) for _ in range(given.times)]
            larger = [train(case, data, int(STEP_UP * batch_size), limit) for _ in range(2)]
        finished = [trial for trial in trials if trial.finished]
        peaks = sorted(trial.peak for trial in trials)
        print(
            f"| {case.network}, {case.size} pixels | {case.precision} | {numbers.size(limit)} "
            f"| {batch_size} | {numbers.size(found['peak_bytes'])} ({numbers.size(found['high'])}) "
            f"| {len(finished)} of {len(trials)} "
            f"| {numbers.size(peaks[0])} to {numbers.size(peaks[-1])} "
            f"| {verdict(larger, found['peak_bytes'], limit)} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
