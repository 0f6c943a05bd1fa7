"""Images to evaluate on that look like copies of ones that were trained on, under other names.

Where an image kept its name, `saved_again` compares two files. Under another name it is looked for
among all, as near copies are looked for where Convscope divides a data set, and by the same rule:
what is found counts as trained on. There are data sets whose images merely all look alike, where
the search can't tell; then nothing is found, and that is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from convscope.data.check.alike import merely_alike, size_of_look_alikes
from convscope.data.check.near import NearPair, are_too_small, find_near_duplicates
from convscope.data.check.odd import find_flat_images
from convscope.data.convert import convert
from convscope.data.exact_duplicates import merge
from convscope.data.image_set import ImageSet
from convscope.errors import ConvscopeError
from convscope.evaluation.run_splits import is_named, run_splits
from convscope.look.progress import progress
from convscope.runs.model_file import ModelCard
from convscope.runs.run import Run

SHOWN = 3
"""Pairs whose paths are told."""

MOST_COMPARED = 20_000
"""Images up to which copies are looked for: about 20 seconds of one processor core."""


@dataclass(frozen=True)
class NearTrained:
    """What was found.

    Attributes:
        rows: (N,): which images look like copies of ones that were trained or validated on.
        examples: Pairs of paths in words; "" if there are none.
        note: Why copies weren't looked for, or can't be told; "" if they were and can.
    """

    rows: NDArray[np.bool_]
    examples: str = ""
    note: str = ""


def find_near_trained(run: Run, images: ImageSet, card: ModelCard) -> NearTrained:
    """Which images look like copies of ones that the run was trained or validated on.

    Args:
        run: Trained on files.
        images: To evaluate on; none of them was trained on, as far as is known.
        card: The card of the run's model.
    """
    none = np.zeros(len(images), dtype=bool)
    source = run.recipe.data
    if not source or is_named(source) or not len(images):
        return NearTrained(none)
    try:
        splits = run_splits(run, None, card).splits
    except ConvscopeError:
        return NearTrained(
            none,
            note="Whether copies of training images under other names are among them isn't known: "
            f"these aren't in {source!r} any more.",
        )
    known = [splits[name] for name in ("train", "validation") if name in splits]
    count = len(images) + sum(map(len, known))
    if count > MOST_COMPARED:
        return NearTrained(
            none,
            note="Copies of training images that were saved anew under other names weren't looked "
            f"for: that is done up to {MOST_COMPARED:,} images, and these are {count:,} with those "
            "trained on.",
        )
    searched = {str(number): each for number, each in enumerate([*known, images])}
    if not known or are_too_small(searched):
        return NearTrained(none)
    pairs = _find_pairs(searched)
    groups = merge(count, [(pair.first, pair.second) for pair in pairs])
    first_new = count - len(images)
    labels = np.concatenate([each.labels for each in known])
    alike = size_of_look_alikes(count, groups, labels)
    if alike:
        note = (
            f"{merely_alike(alike)}: whether copies of training images are among them isn't known."
        )
        return NearTrained(none, note=note)
    found = none.copy()
    for group in groups:
        if group[0] < first_new:
            found[[row - first_new for row in group if row >= first_new]] = True
    paths = [path for each in searched.values() for path in each.paths]
    across = [pair for pair in pairs if pair.first < first_new <= pair.second]
    return NearTrained(found, _listed(across, paths, int(found.sum())))


def _find_pairs(searched: dict[str, ImageSet]) -> list[NearPair]:
    """Pairs of near copies, the best first; images of one colour are left out."""
    flat = np.concatenate(
        [find_flat_images(convert(each, size=None, channels=1)) for each in searched.values()]
    )
    rows = [int(row) for row in np.flatnonzero(~flat)]
    with progress("Looking for copies of training images", len(rows)) as advance:
        return find_near_duplicates(searched, rows, advance)


def _listed(pairs: Sequence[NearPair], paths: Sequence[str], count: int) -> str:
    best: dict[int, NearPair] = {}
    for pair in pairs:
        best.setdefault(pair.second, pair)
    shown = list(best.values())[:SHOWN]
    listed = "; ".join(f"{paths[pair.second]} like {paths[pair.first]}" for pair in shown)
    return f"{listed}; and {count - len(shown):,} more" if count > len(shown) else listed
