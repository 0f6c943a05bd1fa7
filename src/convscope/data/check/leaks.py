"""Images both in training and among those the network is evaluated on: it would seem too good."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

from convscope.data.check.find import duplicate_findings
from convscope.data.check.finding import DataFinding
from convscope.data.check.near import too_small
from convscope.data.image_set import ImageSet
from convscope.data.load import NAMED, Data
from convscope.errors import UsageError

NEAR_LIMIT = 5000
"""Images up to which near duplicates are looked for before training: about two seconds."""

DOUBTFUL = 0.005
"""Of the images evaluated on, this share may have a near duplicate: the search errs as often."""

SHOWN = 3


def check_leaks(splits: Mapping[str, ImageSet], data: Data, *, allow: bool = False) -> list[str]:
    """Stop where a folder or archive has the same images in training and in another split.

    Named data sets are taken as they were published, and arrays as they were given.

    Args:
        splits: What is trained and evaluated on.
        data: Where it comes from.
        allow: Go on all the same.

    Returns:
        What a person should know, in words.

    Raises:
        UsageError: There are leaks, and `allow` is not set.
    """
    if not isinstance(data, str | Path) or str(data) in NAMED:
        return []
    count = sum(len(images) for images in splits.values())
    near = count <= NEAR_LIMIT and not too_small(splits)
    found = duplicate_findings(splits, near=near, quiet=True)
    leaks = [each for each in found if each.across_splits]
    command = f"convscope data {shlex.quote(str(data))} --check"
    notes = []
    if count > NEAR_LIMIT:
        notes.append(
            f"Only exact duplicates were looked for, as there are more than {NEAR_LIMIT:,} "
            f"images; near ones are found by: {command}"
        )
    if not leaks:
        return notes
    message = f"{_in_words(leaks)} See them all: {command} --figure duplicates.png."
    certain = any(each.kind != "near duplicate" for each in leaks)
    evaluated = count - len(splits["train"])
    if allow or (not certain and len(leaks) <= DOUBTFUL * evaluated):
        return [*notes, message]
    raise UsageError(
        f"{message} The network would be evaluated on what it was trained on. Remove one of each "
        "pair, or train all the same with --allow-leaks (allow_leaks=True)."
    )


def _in_words(leaks: list[DataFinding]) -> str:
    near = sum(each.kind == "near duplicate" for each in leaks)
    counts = " and ".join(
        f"{number:,} {'pair' if number == 1 else 'pairs'} of {kind} duplicates"
        for number, kind in ((len(leaks) - near, "exact"), (near, "near"))
        if number
    )
    pairs = ((each.place, each.other) for each in leaks[:SHOWN])
    examples = "; ".join(f"{one.path} and {other.path}" for one, other in pairs if other)
    more = f"; and {len(leaks) - SHOWN:,} more" if len(leaks) > SHOWN else ""
    return f"Leaks between splits: {counts} ({examples}{more})."
