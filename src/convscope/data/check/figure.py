"""A figure of duplicates, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from convscope.data.check.finding import Checked, DataFinding, Place
from convscope.data.image_set import ImageSet, spread_evenly
from convscope.errors import UsageError
from convscope.look.image_grid import image_grid

PAIRS = 60
"""Pairs in the figure, at most; five in a row."""


def draw_duplicates(path: str | Path, checked: Checked, splits: Mapping[str, ImageSet]) -> int:
    """Draw pairs of duplicates, those across splits and with different classes first.

    Args:
        path: A PNG file; replaced if it exists. Its folder must exist.
        checked: What was found.
        splits: The images.

    Returns:
        How many pairs were drawn.

    Raises:
        UsageError: There are no duplicates.
    """
    pairs = [each for each in checked.findings if each.other is not None]
    if not pairs:
        raise UsageError("--figure shows duplicates, and none were found. Leave it out.")
    shown = _pick_evenly(pairs, PAIRS)
    rows = {
        (split, name): row
        for split, images in splits.items()
        for row, name in enumerate(images.paths)
    }
    places = [place for each in shown for place in (each.place, each.other) if place is not None]
    copies = [splits[place.split].images[rows[place.split, place.path]] for place in places]
    captions = [_caption(place, each) for each in shown for place in (each.place, each.other)]
    title = f"{checked.name}: {len(pairs):,} pairs of duplicates"
    if len(shown) < len(pairs):
        title += f", {len(shown)} of them shown"
    image_grid(path, np.stack(copies), captions, title, group=2)
    return len(shown)


def _pick_evenly(pairs: list[DataFinding], count: int) -> list[DataFinding]:
    """Some of each kind, in the order they have; of a kind, evenly from the surest to the least."""
    kinds: dict[tuple[bool, bool, str], list[DataFinding]] = {}
    for each in pairs:
        kinds.setdefault((each.across_splits, each.labels_differ, each.kind), []).append(each)
    room = count
    shown: list[DataFinding] = []
    for left, group in enumerate(sorted(kinds.values(), key=len)):
        share = min(len(group), room // (len(kinds) - left))
        picks = spread_evenly(len(group), share).tolist()
        shown += [group[pick] for pick in picks]
        room -= share
    order = {id(each): place for place, each in enumerate(pairs)}
    return sorted(shown, key=lambda each: order[id(each)])


def _caption(place: Place | None, finding: DataFinding) -> str:
    if place is None:
        return ""
    name = "/".join(place.path.replace("\\", "/").split("/")[-2:])
    alike: str = finding.kind
    if finding.kind == "near duplicate" and finding.similarity is not None:
        alike = f"near: {finding.similarity:.3f}"
    return f"{place.split}: {place.label}\n{name}\n{alike}"
