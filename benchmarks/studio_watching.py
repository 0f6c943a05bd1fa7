"""What it costs a training to be watched: steps a second with the page open and without, in pairs.

    python benchmarks/studio_watching.py [PAIRS]

A training is started from Studio, and Chromium (playwright) shows it and something else in turn;
both are on the same processors. Beside the pairs stands what Studio and Chromium themselves took,
and the processor time of the training for each step, which tell more on a machine that does other
things besides. Before the first pair the page has shown a checkpoint, for which PyTorch is loaded.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
from playwright.sync_api import Page, sync_playwright

SECONDS = 25.0
SETTINGS = {"network": "lenet", "data": "fashion-mnist", "recipe": "fast", "epochs": 1000}


def processor_seconds(first: int, training: int) -> float:
    """Processor time so far of a process and all those that it started, but the training."""
    parents: dict[int, list[int]] = {}
    used: dict[int, float] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents.setdefault(int(fields[1]), []).append(int(folder.name))
            used[int(folder.name)] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    todo, total = [first], 0.0
    while todo:
        number = todo.pop()
        if number == training:
            continue
        total += used.get(number, 0.0)
        todo += parents.get(number, [])
    return total


def own_seconds(process: int) -> float:
    """Processor time so far of one process."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def last_step(metrics: Path) -> tuple[int, float]:
    """The newest step that was written down, and when."""
    before = metrics.stat().st_size
    while metrics.stat().st_size == before:  # so that the moment is known
        time.sleep(0.002)
    now = time.perf_counter()
    return json.loads(metrics.read_bytes().splitlines()[-1])["step"], now


def rate(page: Page, address: str, metrics: Path, training: int) -> tuple[float, float]:
    """Steps a second while the page shows an address, and processor seconds of each step."""
    page.goto(address)
    time.sleep(4)
    first, begun = last_step(metrics)
    used = own_seconds(training)
    time.sleep(SECONDS)
    last, ended = last_step(metrics)
    steps = last - first
    return steps / (ended - begun), (own_seconds(training) - used) / steps


def main() -> None:
    """Measure and print."""
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    runs = Path(tempfile.mkdtemp()) / "runs"
    command = [sys.executable, "-m", "convscope", "studio", str(runs), "--no-open", "--port", "0"]
    studio = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert studio.stdout is not None
    found = re.search(r"(http\S+)/\?token=(\S+)", studio.stdout.readline())
    assert found is not None
    address, token = found.groups()
    client = httpx.Client(headers={"Authorization": f"Bearer {token}"}, timeout=300)
    run = client.post(f"{address}/api/train/start", json=SETTINGS).json()["run"]
    training = json.loads((runs / ".studio" / "trainings.json").read_text())[0]["number"]
    metrics = runs / run / "metrics.jsonl"
    while not metrics.exists():
        time.sleep(0.2)
    watched, alone, taken = [], [], {"studio": [], "Chromium": []}
    step_seconds: dict[bool, list[float]] = {True: [], False: []}
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox"]
            )
            page = browser.new_page()
            page.goto(f"{address}/train?run={run}&token={token}")
            page.wait_for_selector(".learned [data-step]", timeout=300_000)
            for pair in range(pairs):
                for is_watched in (True, False) if pair % 2 else (False, True):
                    shown = f"{address}/train?run={run}" if is_watched else "about:blank"
                    before = (
                        processor_seconds(studio.pid, training),
                        processor_seconds(os.getpid(), training),
                    )
                    begun = time.perf_counter()
                    speed, of_each = rate(page, shown, metrics, training)
                    (watched if is_watched else alone).append(speed)
                    step_seconds[is_watched].append(of_each)
                    wall = time.perf_counter() - begun
                    own = processor_seconds(studio.pid, training) - before[0]
                    if is_watched:
                        both = processor_seconds(os.getpid(), training) - before[1]
                        taken["studio"].append(own / wall)
                        taken["Chromium"].append((both - own) / wall)
                print(f"{alone[-1]:8.1f} steps/s alone, {watched[-1]:8.1f} watched", flush=True)
            browser.close()
    finally:
        client.post(f"{address}/api/train/stop", json={"run": run})
        studio.terminate()
        studio.wait()
    ratios = [1 - with_page / without for with_page, without in zip(watched, alone, strict=True)]
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    print(
        f"slower by {100 * statistics.median(ratios):.1f} % (median of {pairs} pairs; "
        f"{100 * min(ratios):.1f} to {100 * max(ratios):.1f} %)"
    )
    by_itself, seen = (1000 * statistics.median(step_seconds[each]) for each in (False, True))
    print(f"training: {by_itself:.2f} ms of processor time a step alone, {seen:.2f} watched")
    for name, shares in taken.items():
        print(f"{name}: {100 * statistics.median(shares):.1f} % of one processor")


if __name__ == "__main__":
    main()
