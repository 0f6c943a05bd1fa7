"""Images to evaluate on that look like copies of ones that were trained on, under other names.

Where an image kept its name, `saved_again` compares two files. Under another name it can only be
looked for among all, as near copies are looked for within a data set. That finds look-alikes as
well, so these images aren't left out: they are told, with their paths, and the reader decides.
"""

from __future__ import annotations

import numpy as np

from convscope.data.check.alike import LARGEST_GROUP
from convscope.data.check.near import NearPair, are_too_small, find_near_duplicates
from convscope.data.check.odd import find_flat_images
from convscope.data.convert import convert
from convscope.data.image_set import ImageSet
from convscope.data.near_copies import NEAR_LIMIT
from convscope.errors import ConvscopeError
from convscope.evaluation.run_splits import is_named, run_splits
from convscope.look.numbers import counted
from convscope.runs.model_file import ModelCard
from convscope.runs.run import Run

SHOWN = 3
"""Pairs whose paths are told."""


def tell_near_copies(run: Run, images: ImageSet, card: ModelCard) -> tuple[str, ...]:
    """What is to be said of images that look like ones that were trained on.

    Args:
        run: Trained on files.
        images: To evaluate on; none of them was trained on, as far as is known.
        card: The card of the run's model.
    """
    source = run.recipe.data
    if not source or is_named(source):
        return ()
    try:
        splits = run_splits(run, None, card).splits
    except ConvscopeError:
        return (
            "Whether copies of training images under other names are among them isn't known: "
            f"these aren't in {source!r} any more.",
        )
    known = [splits[name] for name in ("train", "validation") if name in splits]
    count = len(images) + sum(map(len, known))
    if count > NEAR_LIMIT:
        return (
            "Copies of training images that were saved anew under other names weren't looked for: "
            f"that is done up to {NEAR_LIMIT:,} images, and these are {count:,} with those trained "
            "on.",
        )
    searched = {str(number): each for number, each in enumerate([*known, images])}
    if are_too_small(searched):
        return ()
    pairs = _pairs_across(searched, count - len(images))
    return _in_words(pairs, [path for each in searched.values() for path in each.paths])


def _pairs_across(searched: dict[str, ImageSet], first_new: int) -> list[NearPair]:
    """The best pair of each new image with one that was trained on."""
    flat = np.concatenate(
        [find_flat_images(convert(each, size=None, channels=1)) for each in searched.values()]
    )
    rows = [int(row) for row in np.flatnonzero(~flat)]
    best: dict[int, NearPair] = {}
    for pair in find_near_duplicates(searched, rows):  # the best first
        if pair.first < first_new <= pair.second:
            best.setdefault(pair.second, pair)
    return list(best.values())


def _in_words(pairs: list[NearPair], paths: list[str]) -> tuple[str, ...]:
    if not pairs:
        return ()
    originals = np.bincount([pair.first for pair in pairs])
    fewest, share = LARGEST_GROUP
    if originals.max() > max(fewest, share * len(paths)):
        return (
            "Many of the images look like the training images, so whether copies of these are "
            "among them can't be told.",
        )
    listed = "; ".join(f"{paths[pair.second]} like {paths[pair.first]}" for pair in pairs[:SHOWN])
    more = f"; and {len(pairs) - SHOWN:,} more" if len(pairs) > SHOWN else ""
    look = "looks" if len(pairs) == 1 else "look"
    return (
        f"Warning: {counted(len(pairs), 'image')} of these {look} like copies of images that were "
        f"trained or validated on ({listed}{more}). They are counted: if they are copies, the "
        "accuracy says too much. Take them out of the folder, and evaluate again.",
    )
