"""How much of the disk decoded images may take, and who has to go for others to come.

Without a limit they stay until somebody removes them. With one, those that were used longest ago
are removed first, and images that alone would need more than the limit are refused before any is
decoded. A file that another process still trains on stays on the disk until that one ends.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

from convscope.data.mapped import LARGE
from convscope.errors import ConvscopeError, UsageError
from convscope.folders import writable_folder
from convscope.look.amounts import parse_size
from convscope.look.numbers import size as size_in_words
from convscope.look.terminal import Console

VARIABLE = "CONVSCOPE_CACHE_LIMIT"
"""The environment variable that holds the limit; --cache sets it for one command."""


def cache_limit() -> int | None:
    """Bytes that decoded images may take; None for as many as there is room for.

    Raises:
        UsageError: The environment variable holds something else.
    """
    text = os.environ.get(VARIABLE, "")
    return parse_size(f"{VARIABLE} (--cache)", text) if text else None


def make_room(needed: int, what: str) -> None:
    """Make room for decoded images, and say where they go if they are many.

    Args:
        needed: Bytes.
        what: Whose they are, in words, as "20,000 images of pets".

    Raises:
        UsageError: They need more than the limit.
        ConvscopeError: They need more than is free on the disk.
    """
    folder = writable_folder("images")
    limit = cache_limit()
    amount = size_in_words(needed)
    ways = (
        "Read them smaller (--size), or set the environment variable CONVSCOPE_CACHE to a folder "
        "on another disk."
    )
    if limit is not None:
        if needed > limit:
            raise UsageError(
                f"Decoded, {what} take {amount} of the disk, more than the limit of "
                f"{size_in_words(limit)} (--cache, {VARIABLE}). Give more, or read them smaller "
                "(--size)."
            )
        _remove_oldest(folder, limit - needed)
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise ConvscopeError(
            f"Decoded, {what} take {amount} of the disk, and {size_in_words(free)} are free in "
            f"'{folder}'. Make room. {ways}"
        )
    if needed > LARGE:
        Console(stderr=True).print(
            f"Decoding {what} once, to {amount} in {folder} ({size_in_words(free)} free); splits "
            "that are divided by chance take as much again while they are used.",
            markup=False,
            soft_wrap=True,
            highlight=False,
        )


def mark_used(entry: Path) -> None:
    """Note that an entry (its `.json`) is used now, so that others go before it."""
    with contextlib.suppress(OSError):  # a cache that can only be read
        os.utime(entry)


def _remove_oldest(folder: Path, allowed: int) -> None:
    """Remove entries, those used longest ago first, until all take at most `allowed` bytes."""
    entries = []
    for images in folder.glob("[!.]*.npy"):  # others are being written
        try:
            used = images.with_suffix(".json").stat().st_mtime
        except OSError:
            used = 0.0  # not finished, or damaged
        try:
            entries.append((used, images.stat().st_size, images))
        except OSError:
            continue  # gone in between
    total = sum(size for _, size, _ in entries)
    for _, size, images in sorted(entries):
        if total <= allowed:
            return
        try:
            # First what says that the entry is whole.
            images.with_suffix(".json").unlink(missing_ok=True)
            images.unlink(missing_ok=True)
        except OSError:
            continue  # Windows keeps what is in use
        total -= size
