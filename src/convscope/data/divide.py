"""Taking the splits that a source lacks out of its training images, fairly.

Images that belong together come into the same split: copies of one another (`near_copies`), and
those of one group, as a patient, a plant or a scene.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from convscope.data import folder
from convscope.data.exact_duplicates import find_same_pixels, group_by_key, merge
from convscope.data.folds import Fold, choose_groups, split_folds
from convscope.data.image_set import ImageSet
from convscope.data.near_copies import COMPARED_SIZE, NEAR_LIMIT, add_near_copies
from convscope.data.reading import SPLITS, Reading
from convscope.data.splits import keep_together, split_groups_stratified, split_stratified
from convscope.data.tree import Tree
from convscope.errors import UsageError
from convscope.look.names import join_names


def groups_to_keep_together(
    tree: Tree | None, train: ImageSet, reading: Reading
) -> tuple[list[list[int]], tuple[str, ...]]:
    """Groups of training images that belong on one side, and what to say about them.

    Args:
        tree: The files that they come from; None for arrays.
        train: The images.
        reading: How the files are read.
    """
    copies, notes = _copies(tree, train, reading)
    if not train.groups:
        return copies, notes
    named = (row for row in range(len(train)) if train.groups[row])
    return merge(len(train), copies, group_by_key(train.groups, named)), notes


def take_missing_splits(
    splits: dict[str, ImageSet],
    seed: int,
    missing: dict[str, float],
    together: list[list[int]],
    notes: tuple[str, ...],
    reading: Reading,
    fold: Fold | None = None,
) -> dict[str, ImageSet]:
    """Take the splits that are missing out of the training images.

    Args:
        splits: Those of the source.
        seed: Decides which images.
        missing: Split → its share.
        together: Rows of training images that must come into the same split.
        notes: About these.
        reading: Its `rules` decide how copies are kept together.
        fold: Which part of the images is for testing; None: a share chosen at random.

    Raises:
        UsageError: There are too few images for so many folds.
    """
    train = splits["train"]
    rows = {"train": np.arange(len(train))}
    for name, share in missing.items():
        left = rows["train"]
        if fold is not None and name == "test":
            chosen = split_folds(train.labels, fold[1], seed, together)[fold[0] - 1]
            stay = np.setdiff1d(left, chosen)
        elif reading.rules == 1:
            stay, chosen = split_stratified(train.labels[left], share, seed)
            stay, chosen = keep_together(left[stay], left[chosen], together)
        elif train.groups:
            chosen = choose_groups(train.labels, left, share, seed, together)
            stay = np.setdiff1d(left, chosen)
            if len(chosen) == 0 and name == "test":
                raise UsageError(
                    f"{train.name} can't be divided: however images are set aside for testing, a "
                    "class goes with them whole, as all of it belongs together. Give a finer "
                    "--group-by, or test images of your own."
                )
        else:
            stay, chosen = split_groups_stratified(train.labels, left, share, seed, together)
        rows[name], rows["train"] = chosen, stay
    taken = {
        name: train.subset(each, split=name, is_taken=name != "train")
        for name, each in rows.items()
        if len(each)
    }
    if train.groups:
        notes += _about_groups(train, taken)
    for images in taken.values():
        images.notes = (*images.notes, *notes)
    return {name: {**splits, **taken}[name] for name in SPLITS if name in {**splits, **taken}}


def check_fold(fold: Fold, splits: dict[str, ImageSet]) -> None:
    """Complain about a fold that isn't there, or of data that are divided already.

    Raises:
        UsageError: It is none.
    """
    number, count = fold
    if count < 2 or not 1 <= number <= count:
        raise UsageError(
            f"fold is (number, how many), as (2, 5) for the second of five; given {tuple(fold)}."
        )
    if "test" in splits:
        raise UsageError(
            f"{splits['train'].name} has test images of its own, so nothing is left to divide "
            "into folds. Leave --folds out; or give its training images alone."
        )


def _copies(
    tree: Tree | None, train: ImageSet, reading: Reading
) -> tuple[list[list[int]], tuple[str, ...]]:
    """Groups of training images that are copies of one another, and what to say about them."""
    if tree is None:
        exact = find_same_pixels([train])
        return (exact, ()) if reading.rules == 1 else add_near_copies(train, exact)
    files = tree.listing().files
    contents = dict(zip(map(tree.where, files), tree.contents(files), strict=True))
    exact = group_by_key([contents.get(path, path) for path in train.paths], range(len(train)))
    if reading.rules == 1:
        return exact, ()
    if len(train) > NEAR_LIMIT:
        return add_near_copies(train, exact)
    # At one size, so that the size that is asked for doesn't decide what is copy and what isn't.
    seen = replace(reading, fit="stretch")
    small = folder.read(tree, size=COMPARED_SIZE, channels=None, reading=seen)["train"]
    if small.paths != train.paths:
        return exact, ()  # files changed in between
    return add_near_copies(small, merge(len(train), exact, find_same_pixels([small])))


def _about_groups(train: ImageSet, taken: dict[str, ImageSet]) -> tuple[str, ...]:
    """How many groups came into each split, and which classes a split lacks for them."""
    groups = Counter(each for each in train.groups if each)
    counts = {name: len({each for each in taken[name].groups if each}) for name in taken}
    listed = ", ".join(f"{counts[name]:,} in {name}" for name in SPLITS if name in counts)
    notes = [f"{len(groups):,} groups, each kept in one split: {listed}"]
    for name, images in taken.items():
        lacking = [label for label, count in images.counts().items() if count == 0]
        if lacking and name != "train":
            notes.append(
                f"No {name} images of {join_names(lacking)}: all of that class belong together"
            )
    return tuple(notes)
