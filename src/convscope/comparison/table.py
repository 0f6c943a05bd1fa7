"""A comparison as a table for spreadsheets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from convscope.comparison.compare import Comparison
from convscope.files import write_csv

FIGURES = (
    "name",
    "run",
    "network",
    "data",
    "split",
    "images",
    "accuracy",
    "interval_low",
    "interval_high",
    "interval_of",
    "balanced_accuracy",
    "mean",
    "standard_deviation",
    "seeds",
    "failed",
    "loss",
    "epochs",
    "seconds",
    "images_per_second",
    "parameters",
    "model_bytes",
)


def write_table(comparison: Comparison, path: str | Path) -> None:
    """Write a line for each contender as CSV, the most accurate first.

    After the figures come the fields of the recipe that differ, and what was forecast beside what
    it came to. Unknown values are empty; text that a spreadsheet would compute has an apostrophe
    in front.

    Args:
        comparison: What to write.
        path: The file.
    """
    rows = [each.as_dict() for each in comparison.contenders]
    forecasts = list(dict.fromkeys((f["what"], f["unit"]) for row in rows for f in row["forecast"]))
    header = [
        *FIGURES,
        *(f"recipe {field}" for field in comparison.differences),
        *(f"{kind} {what} ({unit})" for what, unit in forecasts for kind in ("forecast", "actual")),
    ]
    lines = []
    for number, row in enumerate(rows):
        known = {(f["what"], f["unit"]): f for f in row["forecast"]}
        expected = [known.get(each, {}) for each in forecasts]
        lines.append(
            [
                *(_figure(row, name) for name in FIGURES),
                *(values[number] for values in comparison.differences.values()),
                *(each.get(kind) for each in expected for kind in ("forecast", "actual")),
            ]
        )
    write_csv(path, [header, *lines])


def _figure(row: dict[str, Any], name: str) -> Any:
    if name == "interval_low":
        return row["interval"][0]
    if name == "interval_high":
        return row["interval"][1]
    value = row[name]
    return " ".join(map(str, value)) if isinstance(value, list) else value
