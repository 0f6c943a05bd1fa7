"""How quick Studio's runs view is: 200 runs in the table, and the curves of 100,000 lines.

    python benchmarks/studio_runs.py

Each try starts `convscope studio` anew, as a person does, on a folder of 200 runs of which one has
100,000 lines of metrics, and asks for the view in Chromium (playwright): first with an empty cache
folder, then with the summaries that the first left there. Times are from the beginning of the
navigation to the rows, or to the drawn curve; beside them, the seconds that the interface alone
takes, and the load of the machine, which says how much the figures are worth.
"""

from __future__ import annotations

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
from playwright.sync_api import Browser, sync_playwright

import convscope as cs
from convscope.runs.checked_json import write_line

TRIES = 5
RUNS = 200
LINES = 100_000
FILES = ("recipe.toml", "environment.json", "metrics.jsonl", "evaluation.json", "forecast.json")


def make_runs(folder: Path) -> None:
    """A trained run, copies of what the view reads of it, and one with many lines."""
    cs.train("lenet", "digits", "fast", epochs=20, size=28, out=folder / "run-0", quiet=True)
    for number in range(1, RUNS):
        made = folder / f"run-{number}"
        made.mkdir()
        for name in FILES:
            shutil.copy(folder / "run-0" / name, made / name)
    lines = (
        write_line({"kind": "step", "step": step, "loss": 2.3 / step**0.3, "learning_rate": 1e-3})
        for step in range(1, LINES + 1)
    )
    (folder / "run-1" / "metrics.jsonl").write_text("".join(lines))


def start(runs: Path, cache: Path) -> tuple[subprocess.Popen[str], str]:
    """A studio on these runs, and its address with the token."""
    command = [sys.executable, "-m", "convscope", "studio", str(runs), "--no-open", "--port", "0"]
    environment = {**os.environ, "CONVSCOPE_CACHE": str(cache)}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    found = re.search(r"http\S+", process.stdout.readline())
    assert found is not None
    return process, found[0]


def shown(browser: Browser, address: str, view: str, there: str) -> float:
    """Seconds until a view shows something."""
    page = browser.new_page()
    started = time.perf_counter()
    page.goto(address.replace("/?", f"/{view}&"))
    page.wait_for_selector(there)
    seconds = time.perf_counter() - started
    page.close()
    return seconds


def asked(address: str, path: str, body: object = None) -> float:
    """Seconds that an answer of the interface takes."""
    base, _, token = address.partition("/?token=")
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(headers=headers, timeout=60) as client:
        client.get(f"{base}/api/hello")
        started = time.perf_counter()
        url = f"{base}/api/{path}"
        answer = client.get(url) if body is None else client.post(url, json=body)
        answer.raise_for_status()
        return time.perf_counter() - started


def main() -> None:
    """Measure and print."""
    rows: dict[str, list[float]] = {}
    folder = Path(tempfile.mkdtemp())
    make_runs(folder / "runs")
    long = {"runs": ["run-1"], "most": 2000}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        for number in range(TRIES):
            cache = folder / f"cache-{number}"
            for kept in ("without summaries", "with summaries"):
                process, address = start(folder / "runs", cache)
                name = f"{RUNS} runs, {kept}: shown, s (1)"
                rows.setdefault(name, []).append(
                    shown(browser, address, "runs?", ".runs tbody tr:nth-child(200)")
                )
                process.terminate()
                process.wait()
                process, address = start(folder / "runs", cache)
                rows.setdefault(f"{RUNS} runs, answered again, s", []).append(
                    asked(address, "runs/table")
                )
                rows.setdefault(f"{LINES:,} lines: answered, s (1)", []).append(
                    asked(address, "runs/curves", long)
                )
                process.terminate()
                process.wait()
            process, address = start(folder / "runs", cache)
            rows.setdefault(f"{LINES:,} lines: drawn, s (1)", []).append(
                shown(browser, address, "runs?run=run-1&", ".curve-box canvas")
            )
            process.terminate()
            process.wait()
        browser.close()
    for name, values in rows.items():
        print(f"{name:44} {statistics.median(values):8.3f}   largest {max(values):8.3f}")
    print(f"load of the machine: {', '.join(f'{each:.1f}' for each in os.getloadavg())}")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
