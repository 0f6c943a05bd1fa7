"""Data of other classes than the model's, matched to them by name.

A name that the model doesn't know counts as one that differs from it only in case, if there is one
such name on both sides and no folder has the model's own spelling.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from convscope.data.image_set import ImageSet
from convscope.errors import UsageError
from convscope.look.names import join_names
from convscope.look.numbers import counted
from convscope.runs.model_file import ModelCard

MOST_NAMES = 12  # in a sentence


def match_classes(images: ImageSet, card: ModelCard) -> tuple[ImageSet, tuple[str, ...]]:
    """The images whose classes the model knows, labelled as the model numbers its classes.

    Args:
        images: Images of any classes, in any order.
        card: The card of the model.

    Returns:
        The images, with all classes of the model; and notes on classes that were matched in another
        case and on images left out, if there are any.

    Raises:
        UsageError: The model knows the class of none of them.
    """
    if images.classes == card.classes:
        return images, ()
    numbers: dict[str, int] = {name: number for number, name in enumerate(card.classes)}
    counts = images.counts()
    recased = _match_case([name for name, count in counts.items() if count], card.classes)
    numbers |= {name: numbers[meant] for name, meant in recased.items()}
    known = np.array([numbers.get(name, -1) for name in images.classes])
    labels = known[images.labels]
    rows = np.flatnonzero(labels >= 0)
    if not len(rows):
        raise UsageError(
            f"The model knows none of the classes of {images.name!r}: these are "
            f"{join_names(images.classes, MOST_NAMES)}, and the model's are "
            f"{join_names(card.classes, MOST_NAMES)}. They are matched by name: "
            "rename the folders, or give other data."
        )
    kept = images if len(rows) == len(images) else images.subset(rows)
    unknown = {
        f"{name} ({count:,})": count
        for name, count in counts.items()
        if count and name not in numbers
    }
    notes: tuple[str, ...] = ()
    if recased:
        pairs = [f"{name} as {meant}" for name, meant in recased.items()]
        notes = (f"Matched in another case: {join_names(pairs, MOST_NAMES)}.",)
    if unknown:
        notes += (
            f"Left out: {counted(sum(unknown.values()), 'image')} of classes that the model "
            f"doesn't know: {join_names(unknown, MOST_NAMES)}.",
        )
    return kept.with_labels(labels[rows], card.classes), notes


def find_missing_classes(images: ImageSet) -> tuple[str, ...]:
    """A note on the classes that none of the images is of, if there are any."""
    missing = [name for name, count in images.counts().items() if not count]
    if not missing:
        return ()
    return (
        f"There are no images of {join_names(missing, MOST_NAMES)}, so nothing is said of "
        f"{'this class' if len(missing) == 1 else 'these classes'}; an image may still be taken "
        "for one.",
    )


def _match_case(names: Sequence[str], known: Sequence[str]) -> dict[str, str]:
    """For each name that isn't known the only known one that differs from it in case alone."""
    theirs, ours = _group_by_case(names), _group_by_case(known)
    return {
        twins[0]: ours[key][0]
        for key, twins in theirs.items()
        if len(twins) == 1 and len(ours.get(key, ())) == 1 and twins[0] != ours[key][0]
    }


def _group_by_case(names: Iterable[str]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(name.casefold(), []).append(name)
    return groups
