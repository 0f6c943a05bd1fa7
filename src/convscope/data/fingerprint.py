"""Digests of files, remembered, so that unchanged files need not be read again.

A digest is remembered with the file's size, times and number. A file that was only touched is
read again and gives the same digest; one that was edited gives another. An edit cannot hide
behind a restored modification time, because the system's change time tells (on Windows, which
has none, only size and modification time do). Digests of files changed within the last seconds
are not remembered, because a clock that ticks coarsely could hide a second edit.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from convscope.data.parallel import map_in_order
from convscope.folders import cache_folder, keep_text
from convscope.look.progress import progress

SETTLED = 3.0
"""Seconds after a change from which on a file's times can be trusted to tell the next change."""

Stamp = list[int]


def digest_of_file(path: Path) -> str:
    """SHA-256 of the file's content, in hexadecimal; "unreadable" if it cannot be read."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError:
        return "unreadable"  # decoding says why
    return digest.hexdigest()


def digests_of_files(root: Path, files: list[str]) -> list[str]:
    """The digest of each file below `root`, read only where it may have changed.

    Args:
        root: A folder.
        files: Paths below it.

    Returns:
        One digest a file, in the same order.
    """
    table = cache_folder() / "digests" / f"{_name(root)}.json"
    known = _read_table(table)
    now = time.time_ns()
    stamps = {file: _stamp(root / file) for file in files}
    known = {file: entry for file, entry in known.items() if entry[:-1] == stamps.get(file)}
    changed = [file for file in files if file not in known]
    with progress(f"Reading {root.name}", len(changed)) as advance:
        fresh = map_in_order(lambda file: digest_of_file(root / file), changed, advance)
        digests = {file: str(entry[-1]) for file, entry in known.items()}
        digests |= dict(zip(changed, fresh, strict=True))
    settled = {
        file: [*stamps[file], digests[file]]
        for file in files
        if stamps[file] and now - max(stamps[file][1:3]) > SETTLED * 1e9
    }
    if changed and settled:
        keep_text(table, json.dumps(settled))
    return [digests[file] for file in files]


def remember(path: Path, what: str, find: Callable[[], Any]) -> Any:
    """What was found in a file, from the cache if it is as it was then.

    Args:
        path: The file.
        what: Names what is looked for, and how.
        find: Looks for it; gives plain data that JSON can hold.
    """
    table = cache_folder() / what / f"{_name(path)}.json"
    stamp = _stamp(path)
    try:
        entry = json.loads(table.read_text(encoding="utf-8"))
        if stamp and entry["stamp"] == stamp:
            return entry["found"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        pass
    now = time.time_ns()
    found = find()
    if stamp and now - max(stamp[1:3]) > SETTLED * 1e9:
        keep_text(table, json.dumps({"stamp": stamp, "found": found}))
    return found


def _name(root: Path) -> str:
    return hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:32]


def _stamp(path: Path) -> Stamp:
    """Size, times of modification and change, and number of a file; empty if it is gone."""
    try:
        status = path.stat()
    except OSError:
        return []
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]


def _read_table(table: Path) -> dict[str, list[int | str]]:
    try:
        entries = json.loads(table.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(entries, dict):
        return {}
    return {file: entry for file, entry in entries.items() if _is_entry(entry)}


def _is_entry(entry: object) -> bool:
    return isinstance(entry, list) and len(entry) == 5 and isinstance(entry[-1], str)
