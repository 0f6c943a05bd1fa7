"""All duplicates of a data set as findings."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping

import numpy as np

from convscope.data.check.alike import merely_alike, size_of_look_alikes
from convscope.data.check.files import ImageFiles
from convscope.data.check.finding import DUPLICATES, DataFinding, Kind, Place
from convscope.data.check.near import find_near_duplicates
from convscope.data.check.odd import find_flat_images
from convscope.data.exact_duplicates import (
    find_same_pixels,
    group_by_key,
    merge,
    split_groups,
)
from convscope.data.image_set import ImageSet
from convscope.look.progress import progress


def find_duplicates(
    splits: Mapping[str, ImageSet],
    files: ImageFiles | None = None,
    *,
    pixels: Callable[[str], Hashable] | None = None,
    near: bool = True,
    quiet: bool = False,
) -> list[DataFinding]:
    """Duplicates within and across splits, those across splits first.

    Of an image that is there several times to the bit, each further copy is named with the first
    one; so the number of findings is that of images too many.

    Args:
        splits: In the order train, validation, test, so that the copy in train comes first.
        files: Behind the images, if they come from files.
        pixels: Path → what is the same for images that are, in their own size; unset: those of
            `files`, and without these, the images as they were read.
        near: Whether to look for near duplicates as well.
        quiet: Show no progress.
    """
    sets = list(splits.values())
    paths = [path for images in sets for path in images.paths]
    found: dict[Kind, list[list[int]]] = {}
    rows = list(range(len(paths)))
    if files is not None:
        keys = [files.digest(path) for path in paths]
        found["same file"] = group_by_key(keys, rows)
    first = _first_ones(found.get("same file", []), rows)
    alike = [[row for row in group if row in first] for group in find_same_pixels(sets)]
    own = files.pixels if files is not None and pixels is None else pixels
    if own is not None:
        # They were resized when they were read: only their own pixels tell.
        alike = split_groups(alike, lambda row: own(paths[row]))
    found["same pixels"] = [group for group in alike if len(group) > 1]
    place = _Places(splits).place
    findings = [
        DataFinding(kind, place(group[0]), other=place(row), similarity=1.0)
        for kind, members in found.items()
        for group in members
        for row in group[1:]
    ]
    if near:
        flat = np.concatenate([find_flat_images(images) for images in sets])
        first = _first_ones(found["same pixels"], sorted(first))
        chosen = [row for row in sorted(first) if not flat[row]]
        with progress("Looking for near duplicates", len(chosen), quiet=quiet) as advance:
            pairs = find_near_duplicates(splits, chosen, advance)
        groups = merge(len(paths), [(pair.first, pair.second) for pair in pairs])
        labels = np.concatenate([images.labels for images in sets])
        alike_size = size_of_look_alikes(len(paths), groups, labels)
        if alike_size:
            detail = f"{merely_alike(alike_size)}: the {len(pairs):,} pairs aren't listed"
            return [*_in_order(findings), DataFinding("look alike", Place(""), detail)]
        for pair in pairs:
            one, other = place(pair.first), place(pair.second)
            findings.append(
                DataFinding("near duplicate", one, pair.in_words(), other, pair.similarity)
            )
    return _in_order(findings)


def _in_order(findings: list[DataFinding]) -> list[DataFinding]:
    """Those across splits first, then those with different labels."""
    return sorted(
        findings,
        key=lambda each: (
            not each.across_splits,
            not each.labels_differ,
            DUPLICATES.index(each.kind),
        ),
    )


def _first_ones(found: list[list[int]], rows: list[int]) -> set[int]:
    """The rows without second copies."""
    return set(rows) - {row for group in found for row in group[1:]}


class _Places:
    """Where the rows lie that count through all splits."""

    def __init__(self, splits: Mapping[str, ImageSet]) -> None:
        self._sets = list(splits.items())
        self._ends = np.cumsum([len(images) for images in splits.values()])

    def place(self, row: int) -> Place:
        number = int(np.searchsorted(self._ends, row, side="right"))
        split, images = self._sets[number]
        position = row - int(self._ends[number]) + len(images)
        return Place(images.paths[position], split, images.classes[images.labels[position]])
