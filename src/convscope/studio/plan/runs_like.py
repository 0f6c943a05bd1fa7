"""Runs of the opened folder that were trained as a plan would train."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from convscope.studio.runs.summaries import read_summaries

MOST = 12
"""So many are shown, the newest first."""


def runs_like(
    runs: Path, network: str, data: str, size: int, batch_size: int, recompute: bool
) -> list[dict[str, Any]]:
    """What came of runs with this network, data, image size and batch size, and what was forecast.

    Args:
        runs: The folder that was opened.
        network: Name in the catalog.
        data: Name of a data set, or absolute path.
        size: Height and width of the images.
        batch_size: Images per step.
        recompute: Whether the plan recomputes blocks.
    """
    found = [
        (name, run)
        for name, run in read_summaries(runs).items()
        if (run.network, run.data, run.batch_size) == (network, data, batch_size)
        and run.size in (None, size)
        and run.recomputes == recompute
        and run.memory.actual is not None
    ]
    found.sort(key=lambda pair: -pair[1].written)
    return [
        {
            "name": name,
            "epochs": run.epochs,
            "precision": run.precision,
            "step": run.step.model_dump(),
            "time": run.time.model_dump(),
            "memory": run.memory.model_dump(),
        }
        for name, run in found[:MOST]
    ]
