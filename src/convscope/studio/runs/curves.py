"""The curves of runs, with few enough points to be drawn at once; those asked about are kept."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any

from convscope.runs.metric_curves import MetricCurve, metric_curves
from convscope.runs.metrics_file import read_rows
from convscope.studio.refusals import refuse
from convscope.studio.run_folders import list_runs

MOST_RUNS = 30
"""So many runs can be drawn together."""
MOST_POINTS = 4000
"""Most points of a curve."""
KEPT = 40
"""Runs whose curves are kept, so that a closer look reads no file again."""

Stamp = tuple[int, int]


class KeptCurves:
    """Reads the metrics of runs once, until their file changes.

    Args:
        runs: The folder that was opened.
    """

    def __init__(self, runs: Path) -> None:
        self._runs = runs
        self._kept: OrderedDict[Path, tuple[Stamp, dict[str, MetricCurve], int]] = OrderedDict()
        self._lock = threading.Lock()

    def reduced(
        self, names: list[str], first: float, last: float | None, most: int
    ) -> list[dict[str, Any]]:
        """The curves of runs between two steps.

        Args:
            names: The runs; of one that isn't there (any more), it is said.
            first: The first step that is wanted.
            last: The last one; None: all.
            most: Most points of a curve.
        """
        folders = list_runs(self._runs)
        end = math.inf if last is None else last
        return [self._run(name, folders.get(name), first, end, most) for name in names]

    def _run(
        self, name: str, folder: Path | None, first: float, last: float, most: int
    ) -> dict[str, Any]:
        if folder is None:
            gone = refuse("refused.runs.name", name=name)
            return {"name": name, "gone": gone.details, "curves": [], "damaged": 0}
        curves, damaged = self._open(folder)
        return {
            "name": name,
            "gone": None,
            "damaged": damaged,
            "curves": [_sent(each, first, last, most) for each in curves.values()],
        }

    def _open(self, folder: Path) -> tuple[dict[str, MetricCurve], int]:
        file = folder / "metrics.jsonl"
        try:
            found = file.stat()
        except OSError:
            return {}, 0
        stamp = (found.st_mtime_ns, found.st_size)
        with self._lock:
            known = self._kept.get(folder)
            if known is not None and known[0] == stamp:
                self._kept.move_to_end(folder)
                return known[1], known[2]
        rows, damaged = read_rows(file)
        curves = metric_curves(rows)
        with self._lock:
            self._kept[folder] = (stamp, curves, damaged)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return curves, damaged


def _sent(curve: MetricCurve, first: float, last: float, most: int) -> dict[str, Any]:
    """A curve as JSON holds it: None where a value is no finite number."""
    part = curve.reduce(most, first, last)
    words = curve.in_words()
    return {
        "name": curve.name,
        "count": len(curve.steps),
        "steps": list(part.steps),
        "values": [value if math.isfinite(value) else None for value in part.values],
        "sentence": {"en": words.en, "zh": words.zh},
    }
