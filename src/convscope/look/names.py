"""Names in a sentence, one way for all messages."""

from __future__ import annotations

from collections.abc import Iterable


def join_names(names: Iterable[object], most: int = 4) -> str:
    """Names in a sentence: "a, b and c"; of many the first: "a, b, c, d and 2 more".

    Args:
        names: What is named, in any number.
        most: How many are named at most.
    """
    found = [str(name) for name in names]
    if len(found) > most:
        found = [", ".join(found[:most]), f"{len(found) - most:,} more"]
    *others, last = found or [""]
    return f"{', '.join(others)} and {last}" if others else last
