"""How quick Studio is: from the command to the page, and what moving and changing costs.

    python benchmarks/studio.py

It starts `convscope studio` as a person does and opens it in Chromium (playwright). Medians of
several tries; the budgets stand beside.
"""

from __future__ import annotations

import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from playwright.sync_api import Browser, Page, sync_playwright

TRIES = 7
PAINT = """() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"""
CHANGE = """async number => {
  const {change, state} = await import('/static/bench/state.js');
  const {answer} = await import('/static/bench/numbers.js');
  const before = answer.value, started = performance.now();
  change({bias: number});
  while (answer.value === before) await new Promise(requestAnimationFrame);
  return performance.now() - started;
}"""
MOVE = """async number => {
  const {change} = await import('/static/bench/state.js');
  const started = performance.now();
  change({row: number % 60, column: (7 * number) % 60});
  await new Promise(resolve => requestAnimationFrame(() => setTimeout(resolve)));
  return performance.now() - started;
}"""


def start() -> tuple[subprocess.Popen[str], str, float]:
    """The process, its address with the token, and seconds until it answered."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "convscope", "studio", tempfile.mkdtemp(), "--no-open"]
    process = subprocess.Popen([*command, "--port", "0"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    found = re.search(r"http\S+", process.stdout.readline())
    assert found is not None
    return process, found[0], time.perf_counter() - started


def opened(browser: Browser, address: str) -> tuple[Page, dict[str, float]]:
    """The bench, and seconds until it is painted and usable; then it gets a large image."""
    page = browser.new_page()
    started = time.perf_counter()
    page.goto(address)
    page.wait_for_selector(".arithmetic")
    usable = time.perf_counter() - started
    paint = page.evaluate(PAINT) / 1000
    page.wait_for_selector(".badge.good", timeout=120000)
    page.goto(address.replace("/?", "/bench?image=china&side=64&colour=1&"))
    return page, {"paint": paint, "usable": usable}


def main() -> None:
    """Measure and print."""
    rows: dict[str, list[float]] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        for _ in range(TRIES):
            process, address, seconds = start()
            rows.setdefault("command to address, s (1.5)", []).append(seconds)
            page, times = opened(browser, address)
            rows.setdefault("first paint, s (0.5)", []).append(times["paint"])
            rows.setdefault("usable, s (1)", []).append(times["usable"])
            page.wait_for_selector(".badge.good", timeout=120000)
            change = statistics.median(page.evaluate(CHANGE, n + 1) for n in range(9))
            rows.setdefault("change on 64 × 64 × 3, ms (100)", []).append(change)
            move = statistics.median(page.evaluate(MOVE, n) for n in range(40))
            rows.setdefault("move to the next frame, ms (16)", []).append(move)
            page.close()
            process.terminate()
            process.wait()
        browser.close()
    for name, values in rows.items():
        print(f"{name:34} {statistics.median(values):8.3f}   largest {max(values):8.3f}")


if __name__ == "__main__":
    main()
