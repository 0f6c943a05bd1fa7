"""The summaries of all runs of a folder, kept in the cache folder until a run's files change."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pydantic

from convscope.folders import cache_folder, keep_text
from convscope.runs.claim import CLAIM
from convscope.studio.run_folders import list_runs
from convscope.studio.runs.summary import RunSummary, summarize
from convscope.version import __version__

FORMAT = 2
"""Goes up when `RunSummary` gets other fields: what was kept before is then read anew."""
FILES = ("recipe.toml", "metrics.jsonl", "evaluation.json", "forecast.json", CLAIM)
"""What a summary is made of."""

Stamp = tuple[tuple[int, int] | None, ...]


class _KeptSummary(pydantic.BaseModel, frozen=True):
    stamp: Stamp
    summary: RunSummary


class _KeptSummaries(pydantic.BaseModel, frozen=True):
    version: str
    runs: dict[str, _KeptSummary]


def read_summaries(runs: Path) -> dict[str, RunSummary]:
    """The summary of each run, by its name; only those of changed runs are read anew.

    Args:
        runs: The folder that was opened.
    """
    file, version = _file(runs), f"{__version__} {FORMAT}"
    kept = _read(file, version)
    found: dict[str, RunSummary] = {}
    now: dict[str, _KeptSummary] = {}
    for name, folder in list_runs(runs).items():
        stamp = file_stamp(folder)
        known = kept.get(name)
        if known is None or known.stamp != stamp:
            known = _KeptSummary(stamp=stamp, summary=summarize(folder))
        found[name] = known.summary
        if known.summary.state != "running":  # it may end without any file telling
            now[name] = known
    if now != kept:
        keep_text(file, _KeptSummaries(version=version, runs=now).model_dump_json())
    return found


def file_stamp(folder: Path) -> Stamp:
    """Time and size of each file that a summary is made of; None for one that isn't there."""
    return tuple(_stamp(folder / name) for name in FILES)


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _file(runs: Path) -> Path:
    place = hashlib.sha256(str(runs.resolve()).encode("utf-8", "surrogateescape")).hexdigest()
    return cache_folder() / "studio" / f"runs-{place[:16]}.json"


def _read(file: Path, version: str) -> dict[str, _KeptSummary]:
    """What was kept; nothing where that can't be read, or another version kept it."""
    try:
        kept = _KeptSummaries.model_validate_json(file.read_bytes())
    except (OSError, ValueError):
        return {}
    return kept.runs if kept.version == version else {}
